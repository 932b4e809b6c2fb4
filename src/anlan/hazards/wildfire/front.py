"""The fire front on a grid: first arrival of elliptical wavelets, by a jet-marching semi-Lagrangian method.

A wavelet that starts at its rear focus reaches d (metres on the map) after F(d) = k (sqrt(d'Gd) - w.d): k = 1 / (head rate
(1 - e)), G the metric of the slope plane, w = e times the heading, e the eccentricity. Every cell keeps its arrival time and
the gradient of it, so that between two burnt neighbours the time is a cubic and the update of the next cell is exact to
third order in uniform country (Potter & Cameron 2021, Jet Marching Methods; Tsitsiklis 1995 for the update itself).

Order: in uniform country F differs from a length by a linear term only. Taken in order of the length of the ray (its rank,
weighted with k), eight neighbours settle a wavelet however narrow it is; taken in order of arrival they settle eccentricities
up to 0.7. In broken country the rank alone lets slow flanks run ahead of the head, to be done again. So cells are taken by a
mean of both (`BY_TIME`), and again when a later neighbour improves them (label correcting). Kernels that call each other stay in
this file: numba's cache does not see a change in an imported one.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, inf, sqrt
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bytes = NDArray[np.int8]
Places = NDArray[np.int32]
Counts = NDArray[np.uint16]

#: Share of time in the order of cells, the rest is rank. Up to 0.7 / e eight neighbours settle a wavelet of eccentricity e.
BY_TIME = 0.6
UNSEEN, TRIAL, BURNT, SOURCE = 0, 1, 2, 3
#: An arrival improves only by more than this (minutes).
LEAST = 1e-5
#: Columns of a bed: of one fuel in one weather band.
ROS0, REACTION, WIND_C, WIND_B, SLOPE, MIDFLAME, RESIDENCE, COLUMNS = 0, 1, 2, 3, 4, 5, 6, 7
#: Columns of a cell: arrival (min), its gradient (min/m), rank, weather band of its wavelet.
TIME, GRAD_X, GRAD_Y, RANK, BAND, CELL = 0, 1, 2, 3, 4, 8
#: Columns of a wavelet: k, G (xx, xy, yy), w (x, y); then of a step to each neighbour: ground length, minutes, gradient (x, y);
#: kept only where wavelets are few, as for a wavelet of one cell it costs more to keep than to work out.
K, GXX, GXY, GYY, WX, WY, STEPS, WAVE = 0, 1, 2, 3, 4, 5, 6, 38
ANDERSON, BEHAVE, ELMFIRE, ALEXANDER = 0, 1, 2, 3
#: Steps to the eight neighbours, counter-clockwise from east, in cells.
STEP_X = np.array([1.0, 1, 0, -1, -1, -1, 0, 1])
STEP_Y = np.array([0.0, 1, 1, 1, 0, -1, -1, -1])
FT = 0.3048
MPH = 88.0  # ft/min
KW_M = 3.461  # kW/m of one Btu/ft/s, as rothermel
#: Crown fire; `crown` explains them. The last class of every band of beds is fuel model 10, which crown fire is reckoned from.
OVER_MODEL_10, MODEL_10_WIND, MASS_FLOW = 3.34, 0.4, 3.0
NEVER = 1e300


Function = TypeVar("Function", bound=Callable[..., Any])


def kernel(**more: Any) -> Callable[[Function], Function]:
    """Compile. Kernels allocate nothing: without counting references to their arrays (`_nrt`) they take less than half the time."""
    compiler: Any = njit

    def compiled(function: Function) -> Function:
        made: Function = compiler(cache=True, error_model="numpy", **{"_nrt": False, **more})(function)
        return made

    return compiled


class Country(NamedTuple):
    """What the front runs over. Grids are flat with a border of one closed cell; those of length 1 hold everywhere.

    fuel: class of each cell; closed: minute from which a cell cannot be entered (0: never burns); rise_x, rise_y: slope to the
    east and north; shelter: midflame over 20-ft wind where trees shelter, 0 in the open; beds: (band, class, COLUMNS);
    wind_x, wind_y: (band, 1 or cells) 20-ft wind in ft/min towards; ends: minute at which each band ends, last NEVER. same: neither wind,
    ground nor trees differ from cell to cell, so that a wavelet is one of a fuel, not of a cell. crown_base (m), crown_density
    (kg/m3, 0: no crown fire) and foliar moisture (fraction) of the trees.
    """

    width: int
    ring: Ints
    cell_m: float
    fuel: Ints
    closed: Floats
    rise_x: Floats
    rise_y: Floats
    shelter: Floats
    beds: Floats
    wind_x: Floats
    wind_y: Floats
    ends: Floats
    formula: int
    wind_limit: bool
    same: bool
    crown_base: Floats
    crown_density: Floats
    foliar: float


class Heap(NamedTuple):
    """Binary heap of cells by rank; `place` is where each cell stands, from 1, 0 if not in it. `size` has one element."""

    keys: Floats
    cells: Ints
    size: Ints
    place: Places


@kernel(inline="always")
def push(keys: Floats, members: Ints, size: Ints, place: Places, key: float, cell: int) -> None:
    """Put a cell in, or forward if it stands further back."""
    at = place[cell] - 1
    if at < 0:
        at = size[0]
        size[0] = at + 1
    elif keys[at] <= key:
        return
    while at > 0:
        above = (at - 1) >> 1
        if keys[above] <= key:
            break
        moved = members[above]
        keys[at], members[at], place[moved] = keys[above], moved, at + 1
        at = above
    keys[at], members[at], place[cell] = key, cell, at + 1


@kernel(inline="always")
def pop(keys: Floats, members: Ints, size: Ints, place: Places) -> int:
    """Take the first cell out."""
    cell = members[0]
    place[cell] = 0
    last = size[0] - 1
    size[0] = last
    if last == 0:
        return cell
    key, moved = keys[last], members[last]
    at = 0
    while True:
        below = 2 * at + 1
        if below >= last:
            break
        if below + 1 < last and keys[below + 1] < keys[below]:
            below += 1
        if keys[below] >= key:
            break
        keys[at], members[at], place[members[below]] = keys[below], members[below], at + 1
        at = below
    keys[at], members[at], place[moved] = key, moved, at + 1
    return cell


@kernel()
def elongation(midflame: float, over_midflame: float, formula: int) -> float:
    """Length over width; the same formulas as `rothermel.length_to_width`, which explains them."""
    mph = midflame / MPH
    if formula == ANDERSON:
        return min(8.0, 1 + 0.25 * mph)
    if formula == BEHAVE:
        return min(8.0, 0.936 * exp(0.1147 * mph) + 0.461 * exp(-0.0692 * mph) - 0.397)
    if formula == ELMFIRE:
        return min(8.0, 0.936 * exp(0.2566 * mph) + 0.461 * exp(-0.1548 * mph) - 0.397)
    return min(8.0, 1 + 0.0012 * (midflame * over_midflame * FT * 0.06) ** 2.154)


@kernel()
def pushed(
    bed: Floats, x: float, y: float, zx: float, zy: float, limited: bool
) -> tuple[float, float, float, float, float]:
    """(m/min, heading east, north, up, effective midflame wind ft/min) of a bed under a midflame wind on a slope plane."""
    z = x * zx + y * zy
    wind = sqrt(x * x + y * y + z * z)
    tan2 = zx * zx + zy * zy
    c, b = bed[WIND_C], bed[WIND_B]
    if wind > 0:
        push_ = c * wind**b / wind
        x, y, z = x * push_, y * push_, z * push_
    if tan2 > 0:
        up = bed[SLOPE] * tan2 / sqrt(tan2 * (1 + tan2))
        x, y, z = x + up * zx, y + up * zy, z + up * tan2
    phi = sqrt(x * x + y * y + z * z)
    if phi <= 0 or bed[ROS0] <= 0:
        return bed[ROS0] * FT, 0.0, 0.0, 0.0, 0.0
    effective = (phi / c) ** (1 / b)
    factor = phi
    if limited and effective > 0.9 * bed[REACTION]:
        effective = 0.9 * bed[REACTION]
        factor = c * effective**b if effective > 0 else 0.0
    return bed[ROS0] * (1 + factor) * FT, x / phi, y / phi, z / phi, effective


@kernel()
def crowned_share(
    bed: Floats, ten: Floats, rate: float, under: float, tan2: float, base: float, density: float, foliar: float
) -> float:
    """Crown fraction burned (0 to 1) over a surface fire of this head rate; limits as `crown.crown_fire`, wind taken upslope."""
    heat = bed[REACTION] * bed[RESIDENCE] / 60 * KW_M / FT
    start = (0.01 * base * (460 + 2590 * foliar)) ** 1.5 / heat if heat > 0 else inf
    if rate < start:
        return 0.0
    factor = MASS_FLOW / density / OVER_MODEL_10 / FT / ten[ROS0] - 1 - ten[SLOPE] * tan2 if ten[ROS0] > 0 else inf
    crowning = (factor / ten[WIND_C]) ** (1 / ten[WIND_B]) / MODEL_10_WIND if factor > 0 else 0.0
    full = bed[ROS0] * (1 + bed[WIND_C] * (crowning * under) ** bed[WIND_B] + bed[SLOPE] * tan2) * FT
    if rate >= full or full <= start:
        return 1.0
    return (rate - start) / (full - start)


@kernel(nogil=True)
def heading(land: Country, cell: int, band: int) -> tuple[float, float, float, float, float, float]:
    """(head rate m/min on the ground, heading east, north, up, length over width, crown fraction burned) of a cell.

    Where trees burn, rate, heading and shape go over to those of a crown fire with the crown fraction burned (Scott & Reinhardt
    2001); the crown fire's length over width is 1 + 0.125 times the 20-ft wind in mph (Rothermel 1991).
    """
    bed = land.beds[band, land.fuel[cell]]
    i = cell if land.rise_x.size > 1 else 0
    j = cell if land.wind_x.shape[1] > 1 else 0
    s = cell if land.shelter.size > 1 else 0
    t = cell if land.crown_density.size > 1 else 0
    midflame = bed[MIDFLAME] if land.shelter[s] <= 0 else land.shelter[s]
    zx, zy = land.rise_x[i], land.rise_y[i]
    wx, wy = land.wind_x[band, j], land.wind_y[band, j]
    rate, x, y, z, effective = pushed(bed, wx * midflame, wy * midflame, zx, zy, land.wind_limit)
    slim = elongation(effective, 1.15 / max(midflame, 1e-9), land.formula)
    if land.crown_density[t] <= 0 or rate <= 0:
        return rate, x, y, z, slim, 0.0
    ten = land.beds[band, land.beds.shape[1] - 1]
    share = crowned_share(
        bed, ten, rate, midflame, zx * zx + zy * zy, land.crown_base[t], land.crown_density[t], land.foliar
    )
    if share <= 0:
        return rate, x, y, z, slim, 0.0
    run, cx, cy, cz, _ = pushed(ten, wx * MODEL_10_WIND, wy * MODEL_10_WIND, zx, zy, False)
    rate += share * max(0.0, OVER_MODEL_10 * run - rate)
    x, y, z = x + share * (cx - x), y + share * (cy - y), z + share * (cz - z)
    size = sqrt(x * x + y * y + z * z)
    if size > 0:
        x, y, z = x / size, y / size, z / size
    fast = min(8.0, 1 + 0.125 * sqrt(wx * wx + wy * wy) / MPH)
    return rate, x, y, z, slim + share * (fast - slim), share


@kernel(inline="always")
def reach(
    k: float, gxx: float, gxy: float, gyy: float, wx: float, wy: float, dx: float, dy: float
) -> tuple[float, float, float, float]:
    """(length of d on the ground, minutes, their gradient) of a wavelet over d."""
    gx, gy = gxx * dx + gxy * dy, gxy * dx + gyy * dy
    n = sqrt(gx * dx + gy * dy)
    return n, k * (n - wx * dx - wy * dy), k * (gx / n - wx), k * (gy / n - wy)


@kernel(nogil=True)
def fill(land: Country, row: Floats, cell: int, band: int) -> None:
    """Work out the wavelet of a cell in a weather band; k is infinite where nothing spreads."""
    rate, x, y, z, slim, _ = heading(land, cell, band)
    i = cell if land.rise_x.size > 1 else 0
    zx, zy = land.rise_x[i], land.rise_y[i]
    e = sqrt(1 - 1 / (slim * slim))
    k = 1 / (rate * (1 - e)) if rate > 1e-6 else inf
    gxx, gxy, gyy = 1 + zx * zx, zx * zy, 1 + zy * zy
    wx, wy = e * (x + z * zx), e * (y + z * zy)
    row[K], row[GXX], row[GXY], row[GYY], row[WX], row[WY] = k, gxx, gxy, gyy, wx, wy
    if k == inf or not land.same:
        return
    for turn in range(8):
        dx, dy = STEP_X[turn] * land.cell_m, STEP_Y[turn] * land.cell_m
        at = STEPS + 4 * turn
        row[at], row[at + 1], row[at + 2], row[at + 3] = reach(k, gxx, gxy, gyy, wx, wy, dx, dy)


@kernel(inline="always")
def wave_of(same: bool, fuel: Ints, classes: int, cell: int, band: int) -> int:
    """Row of a cell's wavelet: of its fuel in the band, or its own."""
    return band * classes + fuel[cell] if same else cell


@kernel()
def keep(land: Country, cells: Floats, waves: Floats, cell: int, band: int) -> int:
    """Row of the wavelet of a cell in a band, worked out if it is not there."""
    if land.same:
        return band * (land.beds.shape[1] - 1) + land.fuel[cell]
    if cells[cell, BAND] != band:
        fill(land, waves[cell], cell, band)
        cells[cell, BAND] = band
    return cell


@kernel()
def slowness(row: Floats, nx: float, ny: float) -> tuple[float, float]:
    """Gradient of arrival (min/m) of a straight front that runs along n (any length): |g/k + w| = 1 in the dual metric of G."""
    det = row[GXX] * row[GYY] - row[GXY] * row[GXY]
    ux, uy = (row[GYY] * nx - row[GXY] * ny) / det, (row[GXX] * ny - row[GXY] * nx) / det
    vx, vy = (row[GYY] * row[WX] - row[GXY] * row[WY]) / det, (row[GXX] * row[WY] - row[GXY] * row[WX]) / det
    nn, nw, ww = nx * ux + ny * uy, nx * vx + ny * vy, row[WX] * vx + row[WY] * vy
    size = row[K] * (sqrt(nw * nw + nn * (1 - ww)) - nw) / nn
    return size * nx, size * ny


@kernel()
def through_bands(
    land: Country, cells: Floats, waves: Floats, cell: int, start: float, dx: float, dy: float, nx: float, ny: float
) -> tuple[float, float, float]:
    """(minute of arrival over d from `start` through the weather bands, its gradient); infinite if it never gets there.

    A change of weather turns the rays but not the front: it goes on along its normal n. Without one (0, 0: an ignition point)
    the run is straight.
    """
    band = 0
    while land.ends[band] <= start:
        band += 1
    left, now = 1.0, start
    while True:
        row = waves[keep(land, cells, waves, cell, band)]
        if row[K] < inf:
            if nx == 0 and ny == 0:
                _, whole, gx, gy = reach(row[K], row[GXX], row[GXY], row[GYY], row[WX], row[WY], dx, dy)
            else:
                gx, gy = slowness(row, nx, ny)
                whole = gx * dx + gy * dy
            if whole <= 0:
                return inf, 0.0, 0.0
            if now + left * whole <= land.ends[band]:
                if now > start or (nx == 0 and ny == 0):
                    return now + left * whole, gx, gy
                left = 0.0  # only cells that the band does not reach come here: this one is on the front as it ends
            else:
                left -= (land.ends[band] - now) / whole
        if land.ends[band] >= NEVER:
            return inf, 0.0, 0.0
        now = land.ends[band]
        band += 1


@kernel(inline="always")
def crossing(
    k: float, gxx: float, gxy: float, gyy: float, wx: float, wy: float,
    dx: float, dy: float, ex: float, ey: float, f0: float, f1: float, drop: float, g0: float, g1: float,
) -> float:  # fmt: skip
    """Share s of the edge e at which the ray to the cell leaves it: where the slopes of departure and of the run are equal.

    The time along the edge is the cubic through the two times (`drop` between them) and their slopes g0 < f0 and g1 > f1; d
    runs from the first end to the cell, f0 and f1 are the slopes of the run at the ends. Newton, halving where it would leave.
    """
    cross = ex * dy - ey * dx
    bend = k * (gxx * gyy - gxy * gxy) * cross * cross
    low, high = 0.0, 1.0
    linear, square = 6 * drop - 4 * g0 - 2 * g1, 3 * (g0 + g1 - 2 * drop)
    s = (f0 - g0) / ((f0 - g0) + (g1 - f1))
    for _ in range(12):
        px, py = dx - s * ex, dy - s * ey
        ax, ay = gxx * px + gxy * py, gxy * px + gyy * py
        per = 1 / sqrt(ax * px + ay * py)
        excess = g0 + s * (linear + s * square) - k * ((ax * ex + ay * ey) * per - wx * ex - wy * ey)
        if excess > 0:
            high = s
        else:
            low = s
        turn = linear + 2 * s * square + bend * per * per * per
        following = s - excess / turn if turn > 0 else -1.0
        if following <= low or following >= high:
            following = 0.5 * (low + high)
        if abs(following - s) < 1e-2:
            return following
        s = following
    return s


@kernel(inline="always")
def expand(
    land: Country, cells: Floats, waves: Floats, state: Bytes, keys: Floats, members: Ints, size: Ints, place: Places,
    ring: Ints, p: int, band: int,
) -> None:  # fmt: skip
    """Bring the neighbours of the burnt cell p up to date: straight from p, and over the edges of their rings that end at p."""
    closed, fuel, h, ends, same = land.closed, land.fuel, land.cell_m, land.ends[band], land.same
    classes = land.beds.shape[1] - 1
    start, grad_x, grad_y, rank = cells[p, TIME], cells[p, GRAD_X], cells[p, GRAD_Y], cells[p, RANK]
    for turn in range(8):
        q = p + ring[turn]
        if closed[q] <= start or state[q] == SOURCE or (state[q] == BURNT and cells[q, TIME] <= start):
            continue
        if turn & 1 and closed[p + ring[turn - 1]] <= start and closed[p + ring[(turn + 1) & 7]] <= start:
            continue
        if state[q] == UNSEEN:
            cells[q, TIME] = inf
            cells[q, BAND] = -1.0
        if not same and cells[q, BAND] != band:
            keep(land, cells, waves, q, band)
        w = wave_of(same, fuel, classes, q, band)
        k, gxx, gxy, gyy, wx, wy = waves[w, 0], waves[w, 1], waves[w, 2], waves[w, 3], waves[w, 4], waves[w, 5]
        dx, dy = STEP_X[turn] * h, STEP_Y[turn] * h
        if same:
            at = STEPS + 4 * turn
            n, run, fx, fy = waves[w, at], waves[w, at + 1], waves[w, at + 2], waves[w, at + 3]
        else:
            n, run, fx, fy = reach(k, gxx, gxy, gyy, wx, wy, dx, dy)
        best, best_rank, best_x, best_y = cells[q, TIME] - LEAST, -1.0, 0.0, 0.0
        if k < inf and start + run < best:
            best, best_x, best_y, best_rank = start + run, fx, fy, rank + k * n
        if (best_rank >= 0 and best > ends) or k == inf:
            best, best_x, best_y = through_bands(land, cells, waves, q, start, dx, dy, grad_x, grad_y)
            best_rank = rank + best - start if best < cells[q, TIME] - LEAST else -1.0
        elif state[p] != SOURCE:
            for side in (3, 5):
                # the two neighbours of q that stand next to p on the ring of q
                other = (turn + side) & 7
                r = q + ring[other]
                if state[r] != BURNT:
                    continue
                ex, ey = dx + STEP_X[other] * h, dy + STEP_Y[other] * h
                g0, f0 = grad_x * ex + grad_y * ey, fx * ex + fy * ey
                g1 = cells[r, GRAD_X] * ex + cells[r, GRAD_Y] * ey
                drop = cells[r, TIME] - start
                if (drop - g0) * (g1 - drop) < 0:
                    g0 = g1 = drop  # two fronts meet on this edge
                if g0 >= f0:
                    continue
                if same:
                    back = STEPS + 4 * ((other + 4) & 7)
                    f1 = waves[w, back + 2] * ex + waves[w, back + 3] * ey
                else:
                    _, _, bx, by = reach(k, gxx, gxy, gyy, wx, wy, dx - ex, dy - ey)
                    f1 = bx * ex + by * ey
                if g1 <= f1:
                    continue
                s = crossing(k, gxx, gxy, gyy, wx, wy, dx, dy, ex, ey, f0, f1, drop, g0, g1)
                begun = start + s * (g0 + s * (3 * drop - 2 * g0 - g1 + s * (g0 + g1 - 2 * drop)))
                n, run, ax, ay = reach(k, gxx, gxy, gyy, wx, wy, dx - s * ex, dy - s * ey)
                if begun + run < best and begun + run <= ends:
                    best, best_x, best_y = begun + run, ax, ay
                    best_rank = rank + s * (cells[r, RANK] - rank) + k * n
        if best_rank >= 0 and best < closed[q]:
            cells[q, TIME], cells[q, GRAD_X], cells[q, GRAD_Y], cells[q, RANK] = best, best_x, best_y, best_rank
            state[q] = TRIAL
            push(keys, members, size, place, BY_TIME * best + (1 - BY_TIME) * best_rank, q)


@kernel(nogil=True)
def march(land: Country, cells: Floats, waves: Floats, state: Bytes, heap: Heap, until: float, most: int) -> int:
    """Burn from what the heap holds until the minute `until`; returns how many cells were taken, -1 if more than `most`."""
    ring = land.ring
    keys, members, size, place = heap.keys, heap.cells, heap.size, heap.place
    taken = 0
    while size[0] > 0:
        p = pop(keys, members, size, place)
        if cells[p, TIME] > until:
            w = wave_of(land.same, land.fuel, land.beds.shape[1] - 1, p, int(cells[p, BAND]) if not land.same else 0)
            if cells[p, TIME] > until + waves[w, K] * land.cell_m:
                continue
        if state[p] == TRIAL:
            state[p] = BURNT
        taken += 1
        if taken > most:
            return -1
        band = 0
        while land.ends[band] <= cells[p, TIME]:
            band += 1
        expand(land, cells, waves, state, keys, members, size, place, ring, p, band)
    return taken


@kernel(nogil=True)
def seed(
    land: Country, cells: Floats, waves: Floats, state: Bytes, heap: Heap, x: float, y: float, start: float
) -> None:
    """Light a point (metres from the centre of the first cell): the nine cells around it get their exact arrivals.

    Cells marked SOURCE beforehand lie inside an observed perimeter of which this is a point: they get the time before `start`
    at which the fire would have left their centre to be here now.
    """
    w, h = land.width, land.cell_m
    column, line = int(np.floor(x / h + 0.5)), int(np.floor(y / h + 0.5))
    p = (line + 1) * w + column + 1
    band = 0
    while land.ends[band] <= start:
        band += 1
    for down in (-1, 0, 1):
        for across in (-1, 0, 1):
            q = p + down * w + across
            if q < 0 or q >= land.closed.size or land.closed[q] <= start:
                continue
            if down and across and land.closed[p + across] <= start and land.closed[p + down * w] <= start:
                continue
            dx, dy = (column + across) * h - x, (line + down) * h - y
            if state[q] == UNSEEN:
                cells[q, TIME], cells[q, RANK], cells[q, BAND] = inf, inf, -1.0
            row, wave = cells[q], waves[keep(land, cells, waves, q, band)]
            k = wave[K]
            near = abs(dx) + abs(dy) < 1e-6 * h
            n, run, gx, gy = h, 0.0, 0.0, 0.0
            if not near and k < inf:
                sign = -1.0 if state[q] == SOURCE else 1.0
                n, run, gx, gy = reach(k, wave[GXX], wave[GXY], wave[GYY], wave[WX], wave[WY], sign * dx, sign * dy)
            if state[q] == SOURCE:
                row[TIME] = max(row[TIME], start - run)
                continue
            if near:
                row[TIME], row[GRAD_X], row[GRAD_Y], row[RANK] = start, 0.0, 0.0, 0.0
                state[q] = SOURCE
                push(heap.keys, heap.cells, heap.size, heap.place, BY_TIME * start, q)
                continue
            arrival, rank = start + run, k * n
            if k == inf or arrival > land.ends[band]:
                arrival, gx, gy = through_bands(land, cells, waves, q, start, dx, dy, 0.0, 0.0)
                rank = arrival - start
            if arrival < row[TIME] and arrival < land.closed[q]:
                row[TIME], row[GRAD_X], row[GRAD_Y], row[RANK] = arrival, gx, gy, rank
                state[q] = TRIAL
                push(heap.keys, heap.cells, heap.size, heap.place, BY_TIME * arrival + (1 - BY_TIME) * rank, q)


@kernel(nogil=True, _nrt=True)
def arrivals(cells: Floats, state: Bytes, rows: int, columns: int) -> Floats:
    """Arrival of every cell (rows, columns) without the border; infinite where none."""
    found = np.full((rows, columns), inf)
    for i in range(rows):
        for j in range(columns):
            at = (i + 1) * (columns + 2) + j + 1
            if state[at] != UNSEEN:
                found[i, j] = cells[at, TIME]
    return found


@kernel(nogil=True, _nrt=True)
def between(cells: Floats, state: Bytes, after: float, last: float) -> Ints:
    """Cells that burnt after a minute and not after another one, in order of their number."""
    found = np.empty(state.size, np.int64)
    many = 0
    for at in range(state.size):
        if state[at] != UNSEEN and state[at] != SOURCE and after < cells[at, TIME] <= last:
            found[many] = at
            many += 1
    return found[:many].copy()


@kernel(nogil=True)
def tally(cells: Floats, state: Bytes, heap: Heap, until: float, each: float, counts: Counts) -> int:
    """Count a member of an ensemble: in which interval (`each` minutes) every cell burnt; returns how many did by `until`.

    Leaves the room ready for the next member.
    """
    rows, columns, intervals = counts.shape
    burnt = 0
    for i in range(rows):
        for j in range(columns):
            at = (i + 1) * (columns + 2) + j + 1
            if state[at] != UNSEEN:
                if cells[at, TIME] <= until:
                    # what lies inside an observed perimeter burnt before the beginning
                    soon = max(cells[at, TIME], 0.0)
                    counts[i, j, max(0, min(intervals - 1, int(np.ceil(soon / each)) - 1))] += 1
                    burnt += 1
                state[at] = UNSEEN
                heap.place[at] = 0
    heap.size[0] = 0
    return burnt
