# SPDX-License-Identifier: GPL-2.0-only
# Two panels, one for each driver: the memory that the host backs for each guest, and for all.
# Variables: data, out, guests (their number), limit (MiB), last (seconds), stock, ours (titles).
# Blocks of data: for each driver one for each guest, then their sum.
set terminal pngcairo size 1000, 640 font "DejaVu Sans,11" background "#ffffff"
set output out
set datafile separator "\t"
set border 3 linecolor "#555555"
set tics nomirror out textcolor "#333333"
set grid ytics linecolor "#e2e2e2" linewidth 1
set xrange [0:last]
set yrange [0:limit * 1.15]
set ytics 512
unset key
set xlabel "seconds since the first burst"
set multiplot layout 1, 2
do for [driver = 0:1] {
    set title (driver == 0 ? stock : ours) font ",13"
    set ylabel (driver == 0 ? "guest memory held by the host (MiB)" : "")
    set arrow 1 from 0, limit to last, limit nohead linecolor "#bb3333" dashtype 2
    set label 1 sprintf("limit %d MiB, QEMU included", limit) at last * 0.02, limit * 1.04 \
        textcolor "#bb3333"
    first = driver * (guests + 1)
    plot for [at = first:first + guests - 1] data index at every ::1 using 1:2 with lines \
            linewidth 1.5 linecolor rgb (driver == 0 ? "#d9822b" : "#1f77b4"), \
         data index first + guests every ::1 using 1:2 with lines linewidth 3 \
            linecolor rgb "#444444"
}
unset multiplot
