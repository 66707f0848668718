# SPDX-License-Identifier: GPL-2.0-only
# One panel per metric, with a bar per variant (median) and min..max.
# Variables: data, out, title, panels, variants (their number). Blocks of data: a title line, then rows of
# place, variant, median, min, max.
many = variants > 4     # the names would overlap
set terminal pngcairo size (panels < 3 ? 900 : 260 + (many ? 320 : 260) * panels), 480 font "DejaVu Sans,11" background "#ffffff"
set output out
set datafile separator "\t"
set style fill solid 0.85 noborder
set boxwidth 0.6
set border 3 linecolor "#555555"
set tics nomirror out textcolor "#333333"
if (many) set xtics rotate by -30
set grid ytics linecolor "#dddddd" linewidth 1
set key off
set xrange [-0.7:variants - 0.3]
set offsets 0, 0, graph 0.15, 0
set yrange [0:*]
color(who) = who[1:4] eq "ours" || who eq "native" ? 0x1f77b4 : who eq "page_reporting" ? 0x7fb3d9 : \
             who eq "native-low4" ? 0x2a9d8f : who eq "native-low0" ? 0x1b6e64 : \
             who[1:5] eq "stock" ? 0xd9822b : 0xa0a0a0
set multiplot layout 1, panels title title font ",12" margins 0.10, 0.98, (many ? 0.17 : 0.12), 0.82 spacing 0.10
do for [panel = 0:panels - 1] {
    stats data index panel every ::0::0 using (name = stringcolumn(1), 0) nooutput
    set title name font ",10"
    plot data index panel every ::1 using 1:3:(color(stringcolumn(2))):xticlabels(2) \
            with boxes linecolor rgb variable, \
         '' index panel every ::1 using 1:3:4:5 with yerrorbars \
            linecolor "#222222" pointtype 0 linewidth 1.5, \
         '' index panel every ::1 using 1:5:(sprintf("%.4g", column(3))) \
            with labels offset 0, 0.9 font ",10"
}
unset multiplot
