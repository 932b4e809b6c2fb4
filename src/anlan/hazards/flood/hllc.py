"""二维浅水方程有限体积解 (finite-volume shallow water): HLLC fluxes, hydrostatic reconstruction, second order, wet and dry.

Audusse et al. 2004 (SIAM J. Sci. Comput. 25, 2050) for the bed, Toro 2001 for the fluxes and the dry front, Heun in time, friction
implicit. Holds a lake at rest to rounding, keeps depth from falling below zero, conserves volume. Kernels that call each other
stay in this file. The grid is padded by one cell all round; faces carry a crest (bed or wall) that water has to pass over.
"""

from __future__ import annotations

import numba as nb
import numpy as np

G = 9.80665
#: A shallower cell has no velocity (m): a film of a micrometre neither flows nor limits the step.
STILL = 1e-6
#: Share of dx over the fastest wave that a step may take: less than half a cell keeps depths positive in two stages.
COURANT = 0.4
#: Weight of one-sided differences in the limiter (1 minmod, 2 monotonised central).
SHARPNESS = 2.0
#: Arrival that has not come.
NEVER = 1e300

FAST = {"contract", "arcp", "nsz", "nnan", "ninf"}


@nb.njit(inline="always", fastmath=FAST, error_model="numpy")
def half_slope(before, own, after):  # type: ignore[no-untyped-def]
    """Half the limited difference across a cell: generalised minmod."""
    left, right = SHARPNESS * (own - before), SHARPNESS * (after - own)
    middle = 0.5 * (after - before)
    up = min(left, right, middle)
    down = max(left, right, middle)
    return 0.5 * (up if up > 0.0 else (down if down < 0.0 else 0.0))


@nb.njit(inline="always", fastmath=FAST, error_model="numpy")
def row_slopes(before, own, after, out):  # type: ignore[no-untyped-def]
    for j in range(own.size):
        out[j] = half_slope(before[j], own[j], after[j])


@nb.njit(inline="always", fastmath=FAST, error_model="numpy")
def against_wall(h, u):  # type: ignore[no-untyped-def]
    """Push of water that runs at u towards a wall: the HLL flux of the state and its mirror image."""
    c = np.sqrt(G * h)
    wave = c + 0.5 * u if u > 0.0 else c - u
    return 0.5 * G * h * h + h * u * (u + wave)


@nb.njit(inline="always", fastmath=FAST, error_model="numpy")
def face(hl, el, ul, vl, hr, er, ur, vr, crest):  # type: ignore[no-untyped-def]
    """(mass, momentum to the cell before, momentum to the cell behind, tangential momentum) over one face.

    h depth, e water level, u velocity across the face, v along it, on its left and right.
    """
    sill = max(el - hl, er - hr, crest)
    a, b = max(0.0, el - sill), max(0.0, er - sill)
    ca, cb = np.sqrt(G * a), np.sqrt(G * b)
    middle, wave = 0.5 * (ul + ur) + ca - cb, 0.5 * (ca + cb) + 0.25 * (ul - ur)
    slow = ur - 2.0 * cb if a <= 0.0 else min(ul - ca, middle - wave)
    fast = ul + 2.0 * ca if b <= 0.0 else max(ur + cb, middle + wave)
    slow, fast = min(slow, 0.0), max(fast, 0.0)
    width = 1.0 / max(fast - slow, 1e-12)
    qa, qb = a * ul, b * ur
    mass = (fast * qa - slow * qb + slow * fast * (b - a)) * width
    push_a, push_b = qa * ul + 0.5 * G * a * a, qb * ur + 0.5 * G * b * b
    momentum = (fast * push_a - slow * push_b + slow * fast * (qb - qa)) * width
    along = mass * (vl if mass > 0.0 else vr)
    to_left, to_right = momentum + 0.5 * G * (hl * hl - a * a), momentum + 0.5 * G * (hr * hr - b * b)
    # a sill above both levels is a wall: each side meets its own mirror image
    shut = a <= 0.0 and b <= 0.0
    wall_l, wall_r = against_wall(hl, ul), against_wall(hr, -ur)
    mass, along = (0.0, 0.0) if shut else (mass, along)
    return mass, (wall_l if shut else to_left), (wall_r if shut else to_right), along


@nb.njit(inline="always", fastmath=FAST, error_model="numpy")
def row_faces(h_l, e_l, u_l, v_l, s_l, h_r, e_r, u_r, v_r, s_r, crest, out):  # type: ignore[no-untyped-def]
    """Fluxes of all faces between two rows of cells with half slopes s (h, level, across, along)."""
    for j in range(crest.size):
        mass, left, right, along = face(
            h_l[j] + s_l[0, j], e_l[j] + s_l[1, j], u_l[j] + s_l[2, j], v_l[j] + s_l[3, j],
            h_r[j] - s_r[0, j], e_r[j] - s_r[1, j], u_r[j] - s_r[2, j], v_r[j] - s_r[3, j], crest[j],
        )  # fmt: skip
        out[0, j], out[1, j], out[2, j], out[3, j] = mass, left, right, along


@nb.njit(cache=True, fastmath=FAST, error_model="numpy")
def primitive(h, qx, qy, z, level, u, v, lo, hi):  # type: ignore[no-untyped-def]
    """Level and velocities of the active part; the fastest wave (m/s)."""
    quickest = 0.0
    for i in range(1, h.shape[0] - 1):
        a, b = lo[i], hi[i] + 1
        if a >= b:
            continue
        hr, xr, yr, zr, er, ur, vr = h[i, a:b], qx[i, a:b], qy[i, a:b], z[i, a:b], level[i, a:b], u[i, a:b], v[i, a:b]
        for j in range(hr.size):
            wet = hr[j] > STILL
            per = 1.0 / max(hr[j], STILL)
            ur[j] = xr[j] * per if wet else 0.0
            vr[j] = yr[j] * per if wet else 0.0
            er[j] = zr[j] + hr[j]
            speed = max(abs(ur[j]), abs(vr[j])) + np.sqrt(G * max(hr[j], 0.0))
            quickest = speed if speed > quickest else quickest
    return quickest


@nb.njit(cache=True, error_model="numpy")
def ghosts(h, level, u, v, z, kinds, stage):  # type: ignore[no-untyped-def]
    """Padding of sides: 0 wall, 1 open (goes on as inside), 2 stage (still water, unless it is drawn outwards), 3 free fall.

    A wall's side repeats the inside, so that no slope is seen there; its crest lets nothing pass.
    """
    ny, nx = h.shape[0] - 2, h.shape[1] - 2
    for side in range(4):
        for k in range(1, (ny if side < 2 else nx) + 1):
            i, j = (k, 1 if side == 0 else nx) if side < 2 else (1 if side == 2 else ny, k)
            m, n = (k, 0 if side == 0 else nx + 1) if side < 2 else (0 if side == 2 else ny + 1, k)
            h[m, n] = (h[i, j], h[i, j], max(0.0, stage[side] - z[m, n]), 0.0)[kinds[side]]
            # beyond an open side the bed falls on as it does before it
            before = z[2 * i - m, 2 * j - n] - z[i, j] if kinds[side] == 1 else 0.0
            level[m, n] = z[m, n] - max(0.0, before) + h[m, n]
            outward = (-u[i, j], u[i, j], -v[i, j], v[i, j])[side]
            # an open side never brings water in: what runs inwards meets its mirror image
            inwards = -1.0 if kinds[side] == 1 else 0.0
            keep = 1.0 if kinds[side] == 0 or outward > 0.0 else inwards
            u[m, n], v[m, n] = u[i, j] * keep, v[i, j] * keep


@nb.njit(cache=True, fastmath=FAST, error_model="numpy")
def tendencies(h, level, u, v, crest_x, crest_y, lo, hi, per_dx, dh, dx_, dy_, edge):  # type: ignore[no-untyped-def]
    """Rates of change of depth and momentum of the active part; `edge` gets m2/s in and out over the grid's edges."""
    ny, nx = h.shape[0] - 2, h.shape[1] - 2
    slope_x, below, above = np.zeros((4, nx + 2)), np.zeros((4, nx + 2)), np.zeros((4, nx + 2))
    flux, south, north = np.zeros((4, nx + 3)), np.zeros((4, nx + 2)), np.zeros((4, nx + 2))
    for i in range(1, ny + 2):
        # faces between row i - 1 and row i
        a, b = min(lo[i - 1], lo[i]), max(hi[i - 1], hi[i]) + 1
        above[:] = 0.0
        if i <= ny and a < b:
            row_slopes(h[i - 1, a:b], h[i, a:b], h[i + 1, a:b], above[0, a:b])
            row_slopes(level[i - 1, a:b], level[i, a:b], level[i + 1, a:b], above[1, a:b])
            row_slopes(v[i - 1, a:b], v[i, a:b], v[i + 1, a:b], above[2, a:b])
            row_slopes(u[i - 1, a:b], u[i, a:b], u[i + 1, a:b], above[3, a:b])
        north[:] = 0.0
        if a < b:
            row_faces(
                h[i - 1, a:b], level[i - 1, a:b], v[i - 1, a:b], u[i - 1, a:b], below[:, a:b],
                h[i, a:b], level[i, a:b], v[i, a:b], u[i, a:b], above[:, a:b], crest_y[i, a:b], north[:, a:b],
            )  # fmt: skip
        if i > 1:
            row_sum(h[i - 1], south, north, below, lo[i - 1], hi[i - 1] + 1, per_dx, dh[i - 1], dy_[i - 1], dx_[i - 1])
        if i in (1, ny + 1):
            for j in range(1, nx + 1):
                edge[0] += max(0.0, north[0, j] if i == 1 else -north[0, j])
                edge[1] += max(0.0, -north[0, j] if i == 1 else north[0, j])
        south, north, below, above = north, south, above, below
    for i in range(1, ny + 1):
        a, b = lo[i], hi[i] + 1
        if a >= b:
            continue
        slope_x[:] = 0.0
        row_slopes(h[i, a - 1 : b - 1], h[i, a:b], h[i, a + 1 : b + 1], slope_x[0, a:b])
        row_slopes(level[i, a - 1 : b - 1], level[i, a:b], level[i, a + 1 : b + 1], slope_x[1, a:b])
        row_slopes(u[i, a - 1 : b - 1], u[i, a:b], u[i, a + 1 : b + 1], slope_x[2, a:b])
        row_slopes(v[i, a - 1 : b - 1], v[i, a:b], v[i, a + 1 : b + 1], slope_x[3, a:b])
        row_faces(
            h[i, a - 1 : b], level[i, a - 1 : b], u[i, a - 1 : b], v[i, a - 1 : b], slope_x[:, a - 1 : b],
            h[i, a : b + 1], level[i, a : b + 1], u[i, a : b + 1], v[i, a : b + 1], slope_x[:, a : b + 1],
            crest_x[i, a : b + 1], flux[:, a : b + 1],
        )  # fmt: skip
        row_add(
            h[i, a:b],
            flux[:, a:b],
            flux[:, a + 1 : b + 1],
            slope_x[:, a:b],
            per_dx,
            dh[i, a:b],
            dx_[i, a:b],
            dy_[i, a:b],
        )
        if a == 1:
            edge[0] += max(0.0, flux[0, 1])
            edge[1] += max(0.0, -flux[0, 1])
        if b == nx + 1:
            edge[0] += max(0.0, -flux[0, nx + 1])
            edge[1] += max(0.0, flux[0, nx + 1])


@nb.njit(inline="always", fastmath=FAST, error_model="numpy")
def row_sum(h, near, far, slope, a, b, per_dx, dh, across, along):  # type: ignore[no-untyped-def]
    """What the faces south and north of a row bring it: sets the rates."""
    for j in range(a, b):
        dh[j] = (near[0, j] - far[0, j]) * per_dx
        across[j] = (near[2, j] - far[1, j] + 2.0 * G * h[j] * (slope[0, j] - slope[1, j])) * per_dx
        along[j] = (near[3, j] - far[3, j]) * per_dx


@nb.njit(inline="always", fastmath=FAST, error_model="numpy")
def row_add(h, near, far, slope, per_dx, dh, across, along):  # type: ignore[no-untyped-def]
    """What the faces west and east of a row bring it: adds to the rates."""
    for j in range(h.size):
        dh[j] += (near[0, j] - far[0, j]) * per_dx
        across[j] += (near[2, j] - far[1, j] + 2.0 * G * h[j] * (slope[0, j] - slope[1, j])) * per_dx
        along[j] += (near[3, j] - far[3, j]) * per_dx


@nb.njit(cache=True, fastmath=FAST, error_model="numpy")
def add_rates(h, qx, qy, dh, dx_, dy_, dt, lo, hi):  # type: ignore[no-untyped-def]
    """One Euler stage; the depth (m, summed) that rounding took below zero and that was made up."""
    invented = 0.0
    for i in range(1, h.shape[0] - 1):
        for j in range(lo[i], hi[i] + 1):
            now = h[i, j] + dt * dh[i, j]
            if now < 0.0:
                invented -= now
                now = 0.0
            h[i, j] = now
            qx[i, j] += dt * dx_[i, j]
            qy[i, j] += dt * dy_[i, j]
    return invented


@nb.njit(cache=True, fastmath=FAST, error_model="numpy")
def finish(h, qx, qy, old_h, old_x, old_y, rough, dt, lo, hi, most, arrival, quickest, threshold, t):  # type: ignore[no-untyped-def]
    """Mean of the two stages, then friction, then what has been reached so far."""
    for i in range(1, h.shape[0] - 1):
        for j in range(lo[i], hi[i] + 1):
            depth = 0.5 * (h[i, j] + old_h[i, j])
            x, y = 0.5 * (qx[i, j] + old_x[i, j]), 0.5 * (qy[i, j] + old_y[i, j])
            h[i, j] = depth
            if depth <= STILL:
                qx[i, j], qy[i, j] = 0.0, 0.0
                continue
            speed = np.sqrt(x * x + y * y) / depth
            if rough[i, j] > 0.0:
                slowed = 1.0 / (1.0 + dt * rough[i, j] * speed / (depth * np.cbrt(depth)))
                x, y, speed = x * slowed, y * slowed, speed * slowed
            qx[i, j], qy[i, j] = x, y
            most[i, j] = max(most[i, j], depth)
            if depth >= threshold:
                arrival[i, j] = min(arrival[i, j], t)
                quickest[i, j] = max(quickest[i, j], speed)


@nb.njit(cache=True, error_model="numpy")
def wet_part(h, lo, hi, fixed_lo, fixed_hi, wet_lo, wet_hi):  # type: ignore[no-untyped-def]
    """Columns of each row that may carry water in the next step: two stages reach two cells beyond what is wet or fed."""
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
        first, last = nx + 1, 0
        for k in range(max(1, i - 2), min(ny, i + 2) + 1):
            if wet_lo[k] <= wet_hi[k]:
                first, last = min(first, wet_lo[k] - 2), max(last, wet_hi[k] + 2)
        lo[i], hi[i] = max(1, first), min(nx, last)


@nb.njit(cache=True, error_model="numpy")
def advance(state, ground, kinds, stage, clock, book, spare):  # type: ignore[no-untyped-def]
    """Steps from clock[0] to clock[1] seconds, or until most_steps are taken; returns (time, steps).

    state: h, qx, qy, level, u, v, greatest depth, arrival, greatest speed, lo, hi, wet lo, wet hi
    ground: z, crest_x, crest_y, g n^2 of cells, fixed lo, fixed hi
    kinds, stage: what each side is (0 wall, 1 open, 2 stage, 3 fall) and its stage (m)
    clock: from, to, dx, longest step, threshold of arrival, most steps
    book: came m3, went m3, invented m3
    spare: six grids that the steps work in
    """
    h, qx, qy, level, u, v, most, arrival, quickest, lo, hi, wet_lo, wet_hi = state
    z, crest_x, crest_y, rough, fixed_lo, fixed_hi = ground
    t, until, dx, longest, threshold, most_steps = clock
    old_h, old_x, old_y, dh, dx_, dy_ = spare
    steps, edge = 0, np.zeros(2)
    while t < until - 1e-9 and steps < most_steps:
        wet_part(h, lo, hi, fixed_lo, fixed_hi, wet_lo, wet_hi)
        wave = primitive(h, qx, qy, z, level, u, v, lo, hi)
        dt = min(longest, COURANT * dx / max(wave, 0.1), until - t)
        for i in range(1, h.shape[0] - 1):
            a, b = lo[i], hi[i] + 1
            if a < b:
                old_h[i, a:b], old_x[i, a:b], old_y[i, a:b] = h[i, a:b], qx[i, a:b], qy[i, a:b]
        edge[:] = 0.0
        for stage_of_two in range(2):
            if stage_of_two:
                primitive(h, qx, qy, z, level, u, v, lo, hi)
            ghosts(h, level, u, v, z, kinds, stage)
            tendencies(h, level, u, v, crest_x, crest_y, lo, hi, 1.0 / dx, dh, dx_, dy_, edge)
            book[2] += 0.5 * dx * dx * add_rates(h, qx, qy, dh, dx_, dy_, dt, lo, hi)
        t += dt
        finish(h, qx, qy, old_h, old_x, old_y, rough, dt, lo, hi, most, arrival, quickest, threshold, t)
        book[0] += 0.5 * dt * dx * edge[0]
        book[1] += 0.5 * dt * dx * edge[1]
        steps += 1
    return t, steps
