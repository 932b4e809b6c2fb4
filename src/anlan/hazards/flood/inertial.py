"""局部惯性浅水方程 (local inertial shallow water): de Almeida & Bates 2013 on a grid of square cells.

Momentum without convective acceleration, friction implicit: for rivers, plains and streets where the flow is subcritical.
A dam break needs `hllc` (the shock of a local-inertial bore is 13 % wrong). Kernels that call each other stay in this file.

The grid is padded by one cell all round. Faces carry the bed they flow over: the higher of two cells, or a wall's crest.
"""

from __future__ import annotations

import numba as nb
import numpy as np

G = 9.80665
#: Below this a face carries no water (m).
THIN = 1e-5
#: Weight of a face's own discharge against the mean of its neighbours in line (de Almeida et al. 2012).
THETA = 0.9
#: Share of dx / sqrt(g h) that a step may take (Bates et al. 2010 give 0.2 to 0.7).
COURANT = 0.7
#: Share of the difference in level that a culvert may even out in one step.
LEVELLING = 0.1
#: Passes that share out a shortfall of water before what is left is counted as an error of mass.
SWEEPS = 50

#: An arrival that has not come: finite, since the vector loops assume finite numbers.
NEVER = 1e300

FAST = {"contract", "arcp", "nsz", "nnan", "ninf", "reassoc"}


@nb.njit(inline="always", fastmath=FAST, error_model="numpy")
def drag_of(x):  # type: ignore[no-untyped-def]
    """x^(-7/3) to 1e-5 without a call to the mathematics library, so that a row of faces is one vector loop.

    r near x^(-1/3) from the exponent's bits (as the inverse square root of Lomont 2003); then x^(-7/3) = r^7 (1 - d)^(-7/3) with
    d = 1 - x r^3 in -0.119 to 0.092, by a polynomial through Chebyshev's points of that span.
    """
    third = np.float64(x).view(np.uint64) >> np.uint64(2)
    third = third + (third >> np.uint64(2))
    third = third + (third >> np.uint64(4))
    third = third + (third >> np.uint64(8))
    r = np.uint64(np.uint64(0x553EF0FF289DD796) - third).view(np.float64)
    cube = r * r * r
    d = 1.0 - x * cube
    rest = 5.729452856511072 + d * 7.029941844998608
    rest = 0.9999957668457986 + d * (2.333054683172574 + d * (3.893263781046178 + d * rest))
    return cube * cube * r * rest


@nb.njit(inline="always", fastmath=FAST, error_model="numpy")
def root(x):  # type: ignore[no-untyped-def]
    """Square root to 1e-6 in the same manner: the processor's own root costs ten times as long and stalls the row."""
    y = x + 1e-30
    r = np.uint64(np.uint64(0x5FE6EB50C7B537A9) - (np.float64(y).view(np.uint64) >> np.uint64(1))).view(np.float64)
    z = y * r
    d = 1.0 - z * r
    return z * (0.9999992549645987 + d * (0.5000013185095058 + d * (0.3762781373294084 + d * 0.3127981117902271)))


@nb.njit(inline="always", fastmath=FAST, error_model="numpy")
def face_flow(near, far, crest, own, before, after, across, roughness, dt, per_dx):  # type: ignore[no-untyped-def]
    """Discharge per metre over one face (m2/s) after dt; `near`, `far` are water levels, `roughness` is g n^2."""
    deep = max(near, far) - crest
    wet = deep > THIN
    deep = max(deep, THIN)
    pushed = THETA * own + 0.5 * (1.0 - THETA) * (before + after) - G * deep * dt * (far - near) * per_dx
    pushed = pushed / (1.0 + dt * roughness * root(own * own + across * across) * drag_of(deep))
    # a free overfall is critical: what convective acceleration would limit is limited here
    most = np.sqrt(G * deep * deep * deep)
    pushed = min(max(pushed, -most), most)
    return pushed if wet else 0.0


@nb.njit(inline="always", fastmath=FAST, error_model="numpy")
def row_across(sw, se, nw, ne, mean):  # type: ignore[no-untyped-def]
    """Discharge across each face: the mean of the four around it."""
    for j in range(mean.size):
        mean[j] = 0.25 * (sw[j] + se[j] + nw[j] + ne[j])


@nb.njit(inline="always", fastmath=FAST, error_model="numpy")
def row_flow(near, far, crest, q, before, after, across, rough, new, dt, per_dx):  # type: ignore[no-untyped-def]
    """All faces of a row. Slices that start at 0, at most eight arrays read: what the compiler needs for one vector loop."""
    for j in range(new.size):
        new[j] = face_flow(near[j], far[j], crest[j], q[j], before[j], after[j], across[j], rough[j], dt, per_dx)


@nb.njit(inline="always", fastmath=FAST, error_model="numpy")
def row_depth(h, west, east, south, north, ratio):  # type: ignore[no-untyped-def]
    """Depth after dt in one row."""
    for j in range(h.size):
        h[j] += ratio * (west[j] - east[j] + south[j] - north[j])


@nb.njit(inline="always", fastmath=FAST, error_model="numpy")
def row_level(h, z, level):  # type: ignore[no-untyped-def]
    """Water levels of a row; (largest, smallest) depth."""
    deepest, least = 0.0, 0.0
    for j in range(h.size):
        level[j] = z[j] + h[j]
        deepest = h[j] if h[j] > deepest else deepest
        least = h[j] if h[j] < least else least
    return deepest, least


@nb.njit(inline="always", fastmath=FAST, error_model="numpy")
def row_most(h, most):  # type: ignore[no-untyped-def]
    """Greatest depth so far."""
    for j in range(h.size):
        most[j] = h[j] if h[j] > most[j] else most[j]


@nb.njit(inline="always", fastmath=FAST, error_model="numpy")
def row_arrival(h, arrival, threshold, t):  # type: ignore[no-untyped-def]
    """First time that the threshold was passed."""
    for j in range(h.size):
        first = t if h[j] >= threshold else NEVER
        arrival[j] = first if first < arrival[j] else arrival[j]


@nb.njit(error_model="numpy")
def arrivals(h, arrival, a, b, reached_lo, reached_hi, i, threshold, t):  # type: ignore[no-untyped-def]
    """Arrivals of row i from a to b, but for the stretch that water has reached already, which grows at its ends."""
    first, last = reached_lo[i], reached_hi[i]
    none = first > last
    if none:
        first, last = b, b
    if a < first:
        row_arrival(h[i, a:first], arrival[i, a:first], threshold, t)
    if last + 1 < b:
        row_arrival(h[i, last + 1 : b], arrival[i, last + 1 : b], threshold, t)
    if none:
        first = a
        while first < b and arrival[i, first] == NEVER:
            first += 1
        if first == b:
            return
        last = first
    while first > a and arrival[i, first - 1] < NEVER:
        first -= 1
    while last + 1 < b and arrival[i, last + 1] < NEVER:
        last += 1
    reached_lo[i], reached_hi[i] = first, last


@nb.njit(cache=True, error_model="numpy")
def wet_part(h, lo, hi, wet_lo, wet_hi, fixed_lo, fixed_hi):  # type: ignore[no-untyped-def]
    """The part of each row that may carry water next: what is wet or fed, and one cell around it."""
    ny, nx = h.shape[0] - 2, h.shape[1] - 2
    for i in range(1, ny + 1):
        first, last = lo[i], hi[i]
        while first <= last and h[i, first] <= 0.0:
            first += 1
        while last >= first and h[i, last] <= 0.0:
            last -= 1
        if first > last:
            first, last = nx + 1, 0
        wet_lo[i], wet_hi[i] = min(first, fixed_lo[i]), max(last, fixed_hi[i])
    for i in range(1, ny + 1):
        first = min(wet_lo[i] - 1, wet_lo[i - 1], wet_lo[i + 1])
        last = max(wet_hi[i] + 1, wet_hi[i - 1], wet_hi[i + 1])
        lo[i], hi[i] = max(1, first), min(nx, last)


@nb.njit(cache=True, error_model="numpy")
def volume_until(times, rates, t):  # type: ignore[no-untyped-def]
    """Integral from times[0] to t of a rate linear between its times and constant beyond them."""
    total, last = 0.0, times.size - 1
    for k in range(last):
        if t <= times[k]:
            return total
        end = min(t, times[k + 1])
        slope = (rates[k + 1] - rates[k]) / (times[k + 1] - times[k])
        total += (end - times[k]) * (rates[k] + 0.5 * slope * (end - times[k]))
    if t > times[last]:
        total += (t - times[last]) * rates[last]
    return total


@nb.njit(cache=True, error_model="numpy")
def value_at(times, values, t):  # type: ignore[no-untyped-def]
    """Linear between the times, constant beyond."""
    return np.interp(t, times, values)


@nb.njit(cache=True, error_model="numpy")
def share_shortfall(h, level, z, qx, qy, ratio, lo, hi):  # type: ignore[no-untyped-def]
    """Cells that gave more than they had take back part of what left them, until none is below zero.

    Returns the depth (m, summed over cells) that had to be invented in the end: an error of mass, counted as such.
    """
    ny = h.shape[0] - 2
    for _ in range(SWEEPS):
        short = False
        for i in range(1, ny + 1):
            for j in range(lo[i], hi[i] + 1):
                if h[i, j] < 0.0:
                    gone_w, gone_e = max(0.0, -qx[i, j]), max(0.0, qx[i, j + 1])
                    gone_s, gone_n = max(0.0, -qy[i, j]), max(0.0, qy[i + 1, j])
                    gone = (gone_w + gone_e + gone_s + gone_n) * ratio
                    back = min(1.0, -h[i, j] / gone) if gone > 0.0 else 0.0
                    if back <= 0.0:
                        continue
                    short = True
                    qx[i, j] += back * gone_w
                    qx[i, j + 1] -= back * gone_e
                    qy[i, j] += back * gone_s
                    qy[i + 1, j] -= back * gone_n
                    h[i, j] += back * gone
                    h[i, j - 1] -= back * gone_w * ratio
                    h[i, j + 1] -= back * gone_e * ratio
                    h[i - 1, j] -= back * gone_s * ratio
                    h[i + 1, j] -= back * gone_n * ratio
        if not short:
            break
    invented = 0.0
    for i in range(1, ny + 1):
        for j in range(lo[i], hi[i] + 1):
            if h[i, j] < 0.0:
                invented -= h[i, j]
                h[i, j] = 0.0
            level[i, j] = z[i, j] + h[i, j]
    return invented


@nb.njit(cache=True, error_model="numpy")
def feed(h, level, z, t, dt, area, sources, times, rates, offsets, rain, rain_times, rain_rates, loss):  # type: ignore[no-untyped-def]
    """Add inflows and rain of one step, take away what drains and soaks; (volume in, volume out) in m3."""
    came, went = 0.0, 0.0
    for k in range(sources.shape[0]):
        a, b = offsets[k], offsets[k + 1]
        volume = volume_until(times[a:b], rates[a:b], t + dt) - volume_until(times[a:b], rates[a:b], t)
        i, j = sources[k, 0], sources[k, 1]
        # a negative rate pumps out, at most what stands there
        depth = max(volume / area, -h[i, j])
        h[i, j] += depth
        level[i, j] = z[i, j] + h[i, j]
        came += max(0.0, depth) * area
        went += max(0.0, -depth) * area
    if rain.size == 0 and loss.size == 0:
        return came, went
    fallen = volume_until(rain_times, rain_rates, t + dt) - volume_until(rain_times, rain_rates, t)
    for i in range(1, h.shape[0] - 1):
        for j in range(1, h.shape[1] - 1):
            if rain.size:
                gain = rain[i, j] * fallen
                h[i, j] += gain
                came += gain * area
            if loss.size:
                drained = min(h[i, j], loss[i, j] * dt)
                h[i, j] -= drained
                went += drained * area
            level[i, j] = z[i, j] + h[i, j]
    return came, went


@nb.njit(cache=True, error_model="numpy")
def through_culverts(h, level, z, dt, area, ends, sizes):  # type: ignore[no-untyped-def]
    """Orifice flow between pairs of cells: Q = c A sqrt(2 g head); a pipe not full carries the part that is under water."""
    for k in range(ends.shape[0]):
        i, j, m, n = ends[k]
        opening, coefficient, invert, height = sizes[k]
        if level[i, j] < level[m, n]:
            i, j, m, n = m, n, i, j
        head = level[i, j] - max(level[m, n], invert)
        if head <= 0.0 or h[i, j] <= 0.0:
            continue
        filled = min(1.0, (level[i, j] - invert) / height)
        moved = coefficient * opening * filled * np.sqrt(2.0 * G * head) * dt / area
        # near level water an orifice would swing over: a share of the head at most, and not more than there is
        moved = min(moved, LEVELLING * head, h[i, j])
        h[i, j] -= moved
        h[m, n] += moved
        level[i, j] = z[i, j] + h[i, j]
        level[m, n] = z[m, n] + h[m, n]


@nb.njit(cache=True, error_model="numpy")
def leaving(kind, depth, drop, rough, dx):  # type: ignore[no-untyped-def]
    """Discharge per metre out of an edge cell (m2/s): 1 open, uniform flow (Manning) at the steeper of bed and water behind it; 3 free
    fall, critical depth on the edge, q = (2/3)^1.5 sqrt(g) h^1.5, which is also the most that an open side takes."""
    most = (2.0 / 3.0) ** 1.5 * np.sqrt(G) * depth**1.5
    if kind == 3:
        return most
    slope = max(0.0, drop) / dx
    steady = np.sqrt(G * slope / rough) * depth ** (5.0 / 3.0) if rough > 0.0 else most * (1.0 if slope > 0.0 else 0.0)
    return min(most, steady)


@nb.njit(cache=True, error_model="numpy")
def leave(h, level, z, rough_x, rough_y, kinds, lo, hi, dx, out_x, out_y):  # type: ignore[no-untyped-def]
    """Discharges over the edges that are open: west and east by row, south and north by column."""
    ny, nx = h.shape[0] - 2, h.shape[1] - 2
    for i in range(1, ny + 1):
        if kinds[0] % 2 and lo[i] == 1:
            drop = max(level[i, 2] - level[i, 1], z[i, 2] - z[i, 1])
            out_x[0, i] = -leaving(kinds[0], h[i, 1], drop, rough_x[i, 1], dx)
        if kinds[1] % 2 and hi[i] == nx:
            drop = max(level[i, nx - 1] - level[i, nx], z[i, nx - 1] - z[i, nx])
            out_x[1, i] = leaving(kinds[1], h[i, nx], drop, rough_x[i, nx + 1], dx)
    if kinds[2] % 2:
        for j in range(lo[1], hi[1] + 1):
            drop = max(level[2, j] - level[1, j], z[2, j] - z[1, j])
            out_y[0, j] = -leaving(kinds[2], h[1, j], drop, rough_y[1, j], dx)
    if kinds[3] % 2:
        for j in range(lo[ny], hi[ny] + 1):
            drop = max(level[ny - 1, j] - level[ny, j], z[ny - 1, j] - z[ny, j])
            out_y[1, j] = leaving(kinds[3], h[ny, j], drop, rough_y[ny + 1, j], dx)


@nb.njit(cache=True, error_model="numpy")
def edge_gain(qx, qy, lo, hi, dt, dx):  # type: ignore[no-untyped-def]
    """Volumes (m3) that came and went over the four edges in a step."""
    ny, nx = qx.shape[0] - 2, qy.shape[1] - 2
    came, went = 0.0, 0.0
    for i in range(1, ny + 1):
        if lo[i] == 1:
            came += max(0.0, qx[i, 1])
            went += max(0.0, -qx[i, 1])
        if hi[i] == nx:
            came += max(0.0, -qx[i, nx + 1])
            went += max(0.0, qx[i, nx + 1])
    for j in range(lo[1], hi[1] + 1):
        came += max(0.0, qy[1, j])
        went += max(0.0, -qy[1, j])
    for j in range(lo[ny], hi[ny] + 1):
        came += max(0.0, -qy[ny + 1, j])
        went += max(0.0, qy[ny + 1, j])
    return came * dt * dx, went * dt * dx


@nb.njit(cache=True, error_model="numpy")
def hold_stages(level, z, kinds, stages, times, values, offsets, t):  # type: ignore[no-untyped-def]
    """Write the stage of each side that has one into its padding cells."""
    ny, nx = level.shape[0] - 2, level.shape[1] - 2
    for side in range(4):
        if kinds[side] != 2:
            continue
        k = stages[side]
        stage = value_at(times[offsets[k] : offsets[k + 1]], values[offsets[k] : offsets[k + 1]], t)
        for i in range(1, ny + 1):
            if side == 0:
                level[i, 0] = max(stage, z[i, 0])
            elif side == 1:
                level[i, nx + 1] = max(stage, z[i, nx + 1])
        for j in range(1, nx + 1):
            if side == 2:
                level[0, j] = max(stage, z[0, j])
            elif side == 3:
                level[ny + 1, j] = max(stage, z[ny + 1, j])


@nb.njit(cache=True, fastmath=FAST, error_model="numpy")
def sweep(state, ground, kinds, out_x, out_y, dt, dx, threshold, t):  # type: ignore[no-untyped-def]
    """One step of the active part: discharges of all faces, then depths, greatest depths and arrivals; (deepest, least).

    A row's depths follow as soon as the faces north of it are known, so that everything is read from far only once.
    """
    h, level, qx, qy, new_x, new_y, most, arrival, lo, hi, _, _, reached_lo, reached_hi = state
    z, crest_x, crest_y, rough_x, rough_y, _, _ = ground
    ny, nx = h.shape[0] - 2, h.shape[1] - 2
    spare = np.empty(level.shape[1] + 1)
    per_dx, ratio, deepest, least = 1.0 / dx, dt / dx, 0.0, 0.0
    for i in range(1, ny + 2):
        a, b = lo[i], hi[i] + 2
        if a < b - 1:
            mean = spare[a:b]
            row_across(qy[i, a - 1 : b - 1], qy[i, a:b], qy[i + 1, a - 1 : b - 1], qy[i + 1, a:b], mean)
            row_flow(
                level[i, a - 1 : b - 1], level[i, a:b], crest_x[i, a:b], qx[i, a:b], qx[i, a - 1 : b - 1],
                qx[i, a + 1 : b + 1], mean, rough_x[i, a:b], new_x[i, a:b], dt, per_dx,
            )  # fmt: skip
            if kinds[0] % 2 and a == 1:
                new_x[i, 1] = out_x[0, i]
            if kinds[1] % 2 and b == nx + 2:
                new_x[i, nx + 1] = out_x[1, i]
        a, b = min(lo[i - 1], lo[i]), max(hi[i - 1], hi[i]) + 1
        if a < b:
            mean = spare[a:b]
            row_across(qx[i - 1, a:b], qx[i - 1, a + 1 : b + 1], qx[i, a:b], qx[i, a + 1 : b + 1], mean)
            row_flow(
                level[i - 1, a:b], level[i, a:b], crest_y[i, a:b], qy[i, a:b], qy[i - 1, a:b], qy[i + 1, a:b],
                mean, rough_y[i, a:b], new_y[i, a:b], dt, per_dx,
            )  # fmt: skip
            if kinds[2] % 2 and i == 1:
                new_y[1, a:b] = out_y[0, a:b]
            if kinds[3] % 2 and i == ny + 1:
                new_y[i, a:b] = out_y[1, a:b]
        a, b = lo[i - 1], hi[i - 1] + 1
        if i > 1 and a < b:
            row = h[i - 1, a:b]
            row_depth(row, new_x[i - 1, a:b], new_x[i - 1, a + 1 : b + 1], new_y[i - 1, a:b], new_y[i, a:b], ratio)
            high, low = row_level(row, z[i - 1, a:b], level[i - 1, a:b])
            deepest, least = max(deepest, high), min(least, low)
            row_most(row, most[i - 1, a:b])
            arrivals(h, arrival, a, b, reached_lo, reached_hi, i - 1, threshold, t)
    return deepest, least


@nb.njit(cache=True, error_model="numpy")
def advance(state, ground, water, edges, links, clock, book):  # type: ignore[no-untyped-def]
    """Steps from clock[0] to clock[1] seconds. Returns the steps taken; volumes are added to `book`.

    state: h, level, qx, qy, spare qx, spare qy, greatest depth, arrival, lo, hi, wet lo, wet hi, reached lo, reached hi
    ground: z, crest_x, crest_y, g n^2 on x faces, on y faces, fixed lo, fixed hi
    water: source cells, times, rates, offsets, rain, rain times, rain rates, loss
    edges: kinds, index of the stage series of each side, times, values, offsets
    links: cells of culverts, their sizes
    clock: from, to, dx, longest step, threshold of arrival, most steps
    book: came m3, went m3, invented m3
    """
    h, level, qx, qy, new_x, new_y, most, arrival, lo, hi, wet_lo, wet_hi, reached_lo, reached_hi = state
    z, _, _, rough_x, rough_y, fixed_lo, fixed_hi = ground
    sources, times, rates, offsets, rain, rain_times, rain_rates, loss = water
    kinds, stages, stage_times, stage_values, stage_offsets = edges
    ends, sizes = links
    t, until, dx, longest, threshold, most_steps = clock
    out_x, out_y = np.zeros((2, h.shape[0])), np.zeros((2, h.shape[1]))
    deepest, steps, area = h[1:-1, 1:-1].max(), 0, dx * dx
    while t < until - 1e-9 and steps < most_steps:
        dt = min(longest, COURANT * dx / np.sqrt(G * max(deepest, 1e-2)), until - t)
        came, went = feed(
            h, level, z, t, dt, area, sources, times, rates, offsets, rain, rain_times, rain_rates, loss
        )  # fmt: skip
        book[0] += came
        book[1] += went
        through_culverts(h, level, z, dt, area, ends, sizes)
        hold_stages(level, z, kinds, stages, stage_times, stage_values, stage_offsets, t + 0.5 * dt)
        wet_part(h, lo, hi, wet_lo, wet_hi, fixed_lo, fixed_hi)
        leave(h, level, z, rough_x, rough_y, kinds, lo, hi, dx, out_x, out_y)
        t += dt
        now = h, level, qx, qy, new_x, new_y, most, arrival, lo, hi, wet_lo, wet_hi, reached_lo, reached_hi
        deepest, least = sweep(now, ground, kinds, out_x, out_y, dt, dx, threshold, t)
        qx, qy, new_x, new_y = new_x, new_y, qx, qy
        if least < 0.0:
            book[2] += share_shortfall(h, level, z, qx, qy, dt / dx, lo, hi) * area
        came, went = edge_gain(qx, qy, lo, hi, dt, dx)
        book[0] += came
        book[1] += went
        steps += 1
    if steps % 2:
        new_x[:], new_y[:] = qx, qy
    return t, steps
