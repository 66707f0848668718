# SPDX-License-Identifier: GPL-2.0-only
# Two curves: the memory that the host backs for each guest, around the time of the free.
# Variables: data, out, freed, memory (MiB). For stock and ours also the label and its
# position: the second and the size (MiB) at which 95 % was back.
set terminal pngcairo size 1000, 560 font "DejaVu Sans,12" background "#ffffff"
set output out
set datafile separator "\t"
set title sprintf("A guest frees %d MiB: when does the host get it back?", freed) font ",16" offset 0, 0.5
set xlabel "seconds since the free"
set ylabel "guest memory held by the host (MiB)"
set border 3 linecolor "#555555"
set tics nomirror out textcolor "#333333"
set grid ytics linecolor "#e2e2e2" linewidth 1
set xtics -60, 2
set yrange [0:memory]
set ytics 256
set xrange [-6:stock_s + 3]
set key top right spacing 1.4
set arrow 1 from 0, 0 to 0, memory nohead linecolor "#999999" dashtype 2
set label 1 "freed" at 0, memory - 60 offset -0.7, 0 right textcolor "#666666"
set label 2 ours at ours_s + 0.35, memory * 0.05 textcolor "#1f77b4" font ",13"
set label 3 stock at stock_s, memory * 0.05 right offset -1, 0 textcolor "#c46a12" font ",13"
set label 4 "" at ours_s, ours_mib point pointtype 7 pointsize 1.4 linecolor "#1f77b4" front
set label 5 "" at stock_s, stock_mib point pointtype 7 pointsize 1.4 linecolor "#d9822b" front
plot data index 0 every ::1 using 1:2 with lines linewidth 3 linecolor "#d9822b" title "stock virtio\\_balloon", \
     data index 1 every ::1 using 1:2 with lines linewidth 3 linecolor "#1f77b4" title "vmhooks balloon\\_report"
