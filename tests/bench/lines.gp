# SPDX-License-Identifier: GPL-2.0-only
# A line per variant (medians) with min..max. Both axes are logarithmic.
# Variables: data, out, title, across, up (the axes' texts), variants (their number). Blocks of
# data: the variant, then rows of place, median, min, max.
set terminal pngcairo size 760, 480 font "DejaVu Sans,11" background "#ffffff"
set output out
set datafile separator "\t"
set border 3 linecolor "#555555"
set tics nomirror out textcolor "#333333"
set grid linecolor "#dddddd" linewidth 1
set logscale xy
set yrange [0.5:*]
set offsets graph 0.05, graph 0.05, graph 0.05, 0
set xlabel across
set ylabel up
set key top left
set title title font ",12"
array colors[3] = [0xa0a0a0, 0x1f77b4, 0xd9822b]
array names[variants]
do for [at = 1:variants] {
    stats data index at - 1 every ::0::0 using (names[at] = stringcolumn(1), 0) nooutput
}
plot for [at = 1:variants] data index at - 1 every ::1 using 1:2:3:4 with yerrorlines \
        linewidth 2 pointtype 7 linecolor rgb colors[at] title names[at]
