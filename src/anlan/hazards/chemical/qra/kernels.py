"""The loops of the park's risk, compiled. All release the interpreter, so that rows and sites may be shared among threads.

A wind only turns a footprint. So what a site does in every weather and wind is summed once in polar form about it (`turn`), as
the logarithm of risk over ln r and bearing, and a cell of the map is one look-up of that table (`lay`). The table's error falls
with the square of its step. Outlines (flash fire, blast) have an edge that no table can hold: a cell asks them itself (`edge`),
by the angle they cover at its distance and the distribution of the wind's bearing. Kernels that call each other stay in this
file: numba's cache does not see a change in an imported one.
"""

from __future__ import annotations

from math import atan2, cos, erf, exp, floor, log, pi, sin, sqrt

import numba as nb
import numpy as np

#: Nodes of an axis: ln x = i / AXIS_PER_E, x from 1 m to 22 km.
AXIS_PER_E, AXIS_NODES = 64, 641
#: Share of people dying below which a footprint ends.
LEAST = 1e-9
#: Smallest risk that the table knows, 1/y: below it is nothing.
NOTHING = 1e-30
NORMAL_TOP, NORMAL_PER_UNIT = 8.0, 512
#: Share of the normal distribution below -8 ... 8.
NORMAL = np.array([0.5 * (1 + erf(i / NORMAL_PER_UNIT / sqrt(2))) if i > 0 else
                   0.5 * (1 - erf(-i / NORMAL_PER_UNIT / sqrt(2)))
                   for i in range(int(-NORMAL_TOP * NORMAL_PER_UNIT), int(NORMAL_TOP * NORMAL_PER_UNIT) + 2)])  # fmt: skip
TWO_PI = 2 * pi
FAST = {"contract", "arcp", "nsz", "nnan", "ninf", "reassoc"}


@nb.njit(inline="always", error_model="numpy")
def normal(a):  # type: ignore[no-untyped-def]
    """Share of people whose probit minus 5 is `a`, to 3e-5 of itself."""
    if a <= -NORMAL_TOP:
        return 0.0
    if a >= NORMAL_TOP:
        return 1.0
    t = (a + NORMAL_TOP) * NORMAL_PER_UNIT
    i = int(t)
    return NORMAL[i] + (t - i) * (NORMAL[i + 1] - NORMAL[i])


@nb.njit(inline="always", error_model="numpy")
def lethality(level, core, width, ln_x, across_per_x, x):  # type: ignore[no-untyped-def]
    """Share dying at x m downwind, `across_per_x` times x aside.

    level: probit minus 5 on the axis; core: m to each side where it holds; width: 1/(what the probit loses per (aside/x)^2);
    all at the nodes of the axis.
    """
    t = ln_x * AXIS_PER_E
    if t < 0:
        t = 0.0
    i = int(t)
    if i > AXIS_NODES - 2:
        return 0.0
    f = t - i
    aside = max(0.0, across_per_x - (core[i] + f * (core[i + 1] - core[i])) / x)
    steep = width[i] + f * (width[i + 1] - width[i])
    return normal(level[i] + f * (level[i + 1] - level[i]) - steep * aside * aside)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def profile(level, core, width, r, h, shift, ahead, row, last):  # type: ignore[no-untyped-def]
    """Lethality at distance r on bearings (j + shift) h from the axis for j = 0 ... (`ahead`), or 0, -1, ... ; number of nodes."""
    ln_r = log(r)
    for j in range(last):
        angle = j * h + shift if ahead else j * h - shift
        if abs(angle) > 1.55:
            return j
        c = cos(angle)
        share = lethality(level, core, width, ln_r + log(c), abs(sin(angle)) / c, r * c)
        if share < LEAST and (j > 0 or abs(shift) == 0):
            return j
        row[j] = share
    return last


@nb.njit(cache=True, nogil=True, error_model="numpy")
def widen(row, middle, left, right, half, spread):  # type: ignore[no-untyped-def]
    """Mean of a profile over the `half` nodes to either side (a wind that fills its sector), trapezoid rule."""
    total = 0.0
    for j in range(middle - left - half, middle + right + half + 1):
        if j == middle - left - half:
            total = 0.0
            for k in range(j - half, j + half):
                total += 0.5 * (row[k] + row[k + 1])
        else:
            total += 0.5 * (row[j + half - 1] + row[j + half]) - 0.5 * (row[j - half - 1] + row[j - half])
        spread[j] = max(0.0, total) / (2 * half)


@nb.njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def add(total, row, weight):  # type: ignore[no-untyped-def]
    for j in range(total.size):
        total[j] += weight * row[j]


@nb.njit(cache=True, nogil=True, error_model="numpy")
def fold(row, total, bearings):  # type: ignore[no-untyped-def]
    """Bearings below 0 and above 2 pi come round; `total` is emptied."""
    half = bearings // 2
    for j in range(bearings):
        row[j] += total[half + j]
    for j in range(half):
        row[half + j] += total[j]
        row[j] += total[half + bearings + j]
    total[:] = 0.0


@nb.njit(cache=True, nogil=True, error_model="numpy")
def turn(table, ln_first, ln_step, weight, node, shift, half, level, core, width, reach):  # type: ignore[no-untyped-def]
    """Add one substance's footprints, turned by every wind, to a site's table [distance, bearing] (1/y).

    weight[weather, wind] (1/y); node, shift: the wind's bearing as node plus radians; half: nodes to each side that a wind
    fills (0 = a ray); reach[weather]: m beyond which nobody dies. Shapes: level, core, width [weather, axis node].
    """
    distances, bearings = table.shape
    h = TWO_PI / bearings
    middle = bearings  # of `row`; of `total` the wind's node lies at bearings / 2 + node
    row, spread, total = np.zeros(2 * bearings), np.zeros(2 * bearings), np.zeros(2 * bearings)
    side = np.zeros(bearings)
    for i in range(distances):
        r = exp(ln_first + i * ln_step)
        touched = False
        for m in range(weight.shape[0]):
            if r > reach[m]:
                continue
            done = -10.0
            left = right = 0
            for d in range(weight.shape[1]):
                if weight[m, d] <= 0:
                    continue
                if shift[d] != done:
                    done = shift[d]
                    right = profile(level[m], core[m], width[m], r, h, -done, True, side, bearings // 4)
                    row[middle - bearings // 2 : middle + bearings // 2] = 0.0
                    for j in range(right):
                        row[middle + j] = side[j]
                    left = right
                    if done != 0.0:
                        left = profile(level[m], core[m], width[m], r, h, -done, False, side, bearings // 4)
                    for j in range(1, left):
                        row[middle - j] = side[j]
                    if half > 0 and right > 0:
                        widen(row, middle, left, right, half, spread)
                if right == 0:
                    continue
                touched = True
                count = left + right + 2 * half + 1
                start = bearings // 2 + node[d] - left - half
                add(total[start : start + count], (spread if half > 0 else row)[middle - left - half :], weight[m, d])
        if touched:
            fold(table[i], total, bearings)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def logarithms(table, logs):  # type: ignore[no-untyped-def]
    """ln of a table into `logs`, whose last column repeats the first."""
    distances, bearings = table.shape
    for i in range(distances):
        for j in range(bearings):
            logs[i, j] = log(max(table[i, j], NOTHING))
        logs[i, bearings] = logs[i, 0]


@nb.njit(inline="always", fastmath=FAST, error_model="numpy")
def power_of_e(x):  # type: ignore[no-untyped-def]
    """exp(x), -700 < x < 700, to 1e-8: no call to the mathematics library, so that a row of cells is one vector loop."""
    k = floor(x * 1.4426950408889634 + 0.5)
    r = x - k * 0.6931471805599453
    p = 1 + r * (1 + r * (1 / 2 + r * (1 / 6 + r * (1 / 24 + r * (1 / 120 + r * (1 / 720 + r / 5040))))))
    return p * np.int64((np.int64(k) + 1023) << 52).view(np.float64)


@nb.njit(inline="always", fastmath=FAST, error_model="numpy")
def natural_log(x):  # type: ignore[no-untyped-def]
    """ln x of a normal positive number to 1e-9: exponent, and atanh series of the mantissa about sqrt(1/2) ... sqrt(2)."""
    bits = np.float64(x).view(np.int64)
    exponent = (bits - 0x3FE6A09E667F3BCD) >> 52  # so that the mantissa lies about 1
    mantissa = np.int64(bits - (exponent << 52)).view(np.float64)
    s = (mantissa - 1) / (mantissa + 1)
    q = s * s
    return exponent * 0.6931471805599453 + 2 * s * (1 + q * (1 / 3 + q * (1 / 5 + q * (1 / 7 + q * (1 / 9 + q / 11)))))


@nb.njit(inline="always", fastmath=FAST, error_model="numpy")
def bearing_of(dy, dx):  # type: ignore[no-untyped-def]
    """atan2(dy, dx) in 0 ... 2 pi to 1e-8 (Abramowitz & Stegun 4.4.49 with one term more would be 1e-8; here by halving)."""
    ax, ay = abs(dx), abs(dy)
    small, large = min(ax, ay), max(ax, ay)
    t = small / (large + 1e-300)
    t = t / (1 + sqrt(1 + t * t))  # atan t = 2 atan of this, at most 0.4142
    q = t * t
    a = 2 * t * (1 + q * (-1 / 3 + q * (1 / 5 + q * (-1 / 7 + q * (1 / 9 + q * (-1 / 11 + q * (1 / 13 - q / 15)))))))
    a = a if ax >= ay else pi / 2 - a
    a = a if dx >= 0 else pi - a
    return a if dy >= 0 else TWO_PI - a


@nb.njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def locate(first_x, cell, dy, ln_first, per_r, top, per_angle, last, u, v):  # type: ignore[no-untyped-def]
    """Where a row of cells lies in a table: distance and bearing in nodes. One vector loop."""
    for k in range(u.size):
        dx = first_x + k * cell
        u[k] = min(max((0.5 * natural_log(dx * dx + dy * dy + 1e-9) - ln_first) * per_r, 0.0), top)
        v[k] = min(bearing_of(dy, dx) * per_angle, last)


@nb.njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def read(logs, u, v, found):  # type: ignore[no-untyped-def]
    """Bilinear look-up of ln risk."""
    for k in range(u.size):
        i, j = np.int64(u[k]), np.int64(v[k])
        f, g = u[k] - i, v[k] - j
        low = logs[i, j] + g * (logs[i, j + 1] - logs[i, j])
        high = logs[i + 1, j] + g * (logs[i + 1, j + 1] - logs[i + 1, j])
        found[k] = low + f * (high - low)


@nb.njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def add_powers(row, found):  # type: ignore[no-untyped-def]
    for k in range(found.size):
        row[k] += power_of_e(found[k])


@nb.njit(cache=True, nogil=True, error_model="numpy")
def lay(out, first_row, x0, y0, cell, sx, sy, logs, ln_first, ln_step, reach):  # type: ignore[no-untyped-def]
    """Add a site's risk to the rows of a grid that begin with `first_row`; (x0, y0) is the centre of the grid's cell [0, 0]."""
    rows, columns = out.shape
    distances, bearings = logs.shape[0], logs.shape[1] - 1
    per_r, per_angle = 1.0 / ln_step, bearings / TWO_PI
    u, v, found = np.empty(columns), np.empty(columns), np.empty(columns)
    for iy in range(rows):
        dy = y0 + (first_row + iy) * cell - sy
        if abs(dy) > reach:
            continue
        span = sqrt(reach * reach - dy * dy)
        start = max(0, floor((sx - span - x0) / cell))
        count = min(columns, floor((sx + span - x0) / cell) + 2) - start
        if count > 0:
            first_x = x0 + start * cell - sx
            top, last = distances - 1.000001, bearings - 1e-9
            locate(first_x, cell, dy, ln_first, per_r, top, per_angle, last, u[:count], v[:count])
            read(logs, u[:count], v[:count], found[:count])
            add_powers(out[iy, start : start + count], found[:count])


@nb.njit(inline="always", error_model="numpy")
def below(edges, cumulative, angle, filled, inclusive):  # type: ignore[no-untyped-def]
    """Weight of winds with a bearing up to `angle`; edges ascend from below -pi to above 3 pi."""
    low, high = 0, edges.size - 1
    if angle <= edges[low]:
        return cumulative[low] if inclusive and angle == edges[low] else 0.0
    if angle >= edges[high]:
        return cumulative[high]
    while high - low > 1:
        half = (low + high) // 2
        if edges[half] <= angle:
            low = half
        else:
            high = half
    if filled:
        return cumulative[low] + (angle - edges[low]) / (edges[high] - edges[low]) * (
            cumulative[high] - cumulative[low]
        )
    if not inclusive and edges[low] == angle:
        return cumulative[low - 1]
    return cumulative[low]


@nb.njit(inline="always", error_model="numpy")
def covered(r, bearing, half, per_metre, reach, edges, cumulative, whole, filled):  # type: ignore[no-untyped-def]
    """Weight of winds that put (r, bearing) inside an outline: half [node] = half angle at r (rad); pi = all round."""
    if r > reach:
        return 0.0
    t = r * per_metre
    i = min(int(t), half.size - 2)
    w = half[i] + (t - i) * (half[i + 1] - half[i])
    if w <= 0:
        return 0.0
    if w >= 3.14159:
        return whole
    upper = below(edges, cumulative, bearing + w, filled, True)
    return upper - below(edges, cumulative, bearing - w, filled, False)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def edge(out, first_row, x0, y0, cell, sx, sy, half, per_metre, reach, edges, cumulative, whole, filled):  # type: ignore[no-untyped-def]
    """Add outlines of one outcome, [weather] each, to the rows of a grid."""
    rows, columns = out.shape
    far = reach.max()
    for iy in range(rows):
        dy = y0 + (first_row + iy) * cell - sy
        if abs(dy) > far:
            continue
        span = sqrt(far * far - dy * dy)
        for ix in range(max(0, floor((sx - span - x0) / cell)), min(columns, int((sx + span - x0) / cell) + 2)):
            dx = x0 + ix * cell - sx
            r = sqrt(dx * dx + dy * dy)
            if r > far:
                continue
            bearing = atan2(dy, dx)
            if bearing < 0:
                bearing += TWO_PI
            found = 0.0
            for m in range(reach.size):
                found += covered(r, bearing, half[m], per_metre[m], reach[m], edges, cumulative[m], whole[m], filled)
            out[iy, ix] += found


@nb.njit(inline="always", error_model="numpy")
def on_disc(r, shares, per_metre):  # type: ignore[no-untyped-def]
    t = r * per_metre
    i = int(t)
    return shares[i] + (t - i) * (shares[i + 1] - shares[i]) if i < shares.size - 1 else 0.0


@nb.njit(cache=True, nogil=True, error_model="numpy")
def disc(out, first_row, x0, y0, cell, sx, sy, shares, per_metre, reach, weight):  # type: ignore[no-untyped-def]
    """Add a round footprint to the rows of a grid."""
    rows, columns = out.shape
    for iy in range(rows):
        dy = y0 + (first_row + iy) * cell - sy
        if abs(dy) > reach:
            continue
        span = sqrt(reach * reach - dy * dy)
        for ix in range(max(0, floor((sx - span - x0) / cell)), min(columns, int((sx + span - x0) / cell) + 2)):
            dx = x0 + ix * cell - sx
            out[iy, ix] += weight * on_disc(sqrt(dx * dx + dy * dy), shares, per_metre)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def plume_at(points, sx, sy, rays, level, core, width, reach):  # type: ignore[no-untyped-def]
    """Lethality [weather, ray, point] of one substance's footprints at places (x, y) m, straight from the axis."""
    found = np.zeros((level.shape[0], rays.size, points.shape[0]))
    far = reach.max()
    for p in range(points.shape[0]):
        dx, dy = points[p, 0] - sx, points[p, 1] - sy
        r = sqrt(dx * dx + dy * dy)
        if r > far * 1.5:
            continue
        bearing = atan2(dy, dx)
        for d in range(rays.size):
            off = bearing - rays[d]
            c = cos(off)
            if c <= 0.02:
                continue
            x, across = r * c, abs(sin(off)) / c
            ln_x = log(max(x, 1e-3))
            for m in range(level.shape[0]):
                if x <= reach[m]:
                    found[m, d, p] = lethality(level[m], core[m], width[m], ln_x, across, x)
    return found


@nb.njit(cache=True, nogil=True, error_model="numpy")
def outline_at(points, sx, sy, rays, half, per_metre, reach):  # type: ignore[no-untyped-def]
    """1 where a place lies inside the outline, [weather, ray, point]."""
    found = np.zeros((reach.size, rays.size, points.shape[0]))
    for p in range(points.shape[0]):
        dx, dy = points[p, 0] - sx, points[p, 1] - sy
        r = sqrt(dx * dx + dy * dy)
        bearing = atan2(dy, dx)
        for m in range(reach.size):
            if r > reach[m]:
                continue
            t = r * per_metre[m]
            i = min(int(t), half.shape[1] - 2)
            w = half[m, i] + (t - i) * (half[m, i + 1] - half[m, i])
            for d in range(rays.size):
                off = (bearing - rays[d] + pi) % TWO_PI - pi
                if w > 0 and (abs(off) <= w or w >= 3.14159):
                    found[m, d, p] = 1.0
    return found
