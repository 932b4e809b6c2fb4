"""The shell 外壳: one-map, wall display, pages, live stream. Renders what the rooms below know; decides nothing."""
