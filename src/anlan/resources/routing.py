"""Shortest ways on a big graph: trees by Dijkstra, single pairs by A* with landmarks (ALT).

ALT: Goldberg and Harrelson, "Computing the shortest path: A* search meets graph theory", SODA 2005; the landmarks' distances are
lower bounds by the triangle inequality. They are taken at design speeds on the open network: closures and slower or larger
vehicles only lengthen ways, so the bounds stay true and nothing is prepared anew when a road is shut. Pure: arrays in and out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: Landmarks kept, and how many of them (the best for the pair) a search asks.
LANDMARKS, ASKED = 8, 4


@njit(cache=True)
def push(keys: Floats, items: Ints, size: int, key: float, item: int) -> int:
    place = size
    while place > 0:
        above = (place - 1) >> 1
        if keys[above] <= key:
            break
        keys[place], items[place] = keys[above], items[above]
        place = above
    keys[place], items[place] = key, item
    return size + 1


@njit(cache=True)
def pop(keys: Floats, items: Ints, size: int) -> int:
    """Take the least away (the caller read it at 0); the new size."""
    size -= 1
    key, item = keys[size], items[size]
    place = 0
    while True:
        below = 2 * place + 1
        if below >= size:
            break
        if below + 1 < size and keys[below + 1] < keys[below]:
            below += 1
        if keys[below] >= key:
            break
        keys[place], items[place] = keys[below], items[below]
        place = below
    keys[place], items[place] = key, item
    return size


@njit(cache=True)
def tree(first: Ints, head: Ints, cost: Floats, nodes: Ints, offsets: Floats) -> Floats:
    """Least cost from the given nodes (each with its own start) to every node; infinite where none leads."""
    count = first.size - 1
    best = np.full(count, np.inf)
    keys, items = np.empty(head.size + nodes.size + 1), np.empty(head.size + nodes.size + 1, np.int64)
    size = 0
    for n in range(nodes.size):
        if offsets[n] < best[nodes[n]]:
            best[nodes[n]] = offsets[n]
            size = push(keys, items, size, offsets[n], nodes[n])
    while size > 0:
        key, node = keys[0], items[0]
        size = pop(keys, items, size)
        if key > best[node]:
            continue
        for arc in range(first[node], first[node + 1]):
            reach = key + cost[arc]
            if reach < best[head[arc]]:
                best[head[arc]] = reach
                size = push(keys, items, size, reach, head[arc])
    return best


@njit(cache=True)
def bound(near: Floats, far: Floats, asked: Ints, node: int, goals: Ints, ends: Floats) -> float:
    """A lower bound of the way from a node to the nearer of the goals. `near`: to the landmarks, `far`: from them."""
    least = np.inf
    for g in range(goals.size):
        most = 0.0
        for n in range(asked.size):
            k = asked[n]
            if near[node, k] < np.inf and near[goals[g], k] < np.inf:
                most = max(most, near[node, k] - near[goals[g], k])
            if far[node, k] < np.inf and far[goals[g], k] < np.inf:
                most = max(most, far[goals[g], k] - far[node, k])
        least = min(least, most + ends[g])
    return least


@njit(cache=True)
def choose(near: Floats, far: Floats, start: int, goal: int) -> Ints:
    """The landmarks that say most about this pair."""
    count = near.shape[1]
    worth = np.zeros(count)
    for k in range(count):
        if near[start, k] < np.inf and near[goal, k] < np.inf:
            worth[k] = near[start, k] - near[goal, k]
        if far[start, k] < np.inf and far[goal, k] < np.inf:
            worth[k] = max(worth[k], far[goal, k] - far[start, k])
    return np.argsort(-worth)[: min(ASKED, count)]


@njit(cache=True)
def pairs(
    first: Ints, head: Ints, cost: Floats, near: Floats, far: Floats,
    starts: Ints, leave: Floats, goals: Ints, arrive: Floats,
) -> Floats:  # fmt: skip
    """Least cost of each pair. Row i: the ends of the start's road with their cost, and those of the goal's road (-1 = none)."""
    count = first.size - 1
    best, seen = np.full(count, np.inf), np.full(count, -1, np.int64)
    guess = np.empty(count)
    keys, items = np.empty(head.size + 8), np.empty(head.size + 8, np.int64)
    found = np.full(starts.shape[0], np.inf)
    for i in range(starts.shape[0]):
        ends = goals[i][goals[i] >= 0]
        rest = arrive[i][goals[i] >= 0]
        if not ends.size or starts[i].max() < 0:
            continue
        asked = choose(near, far, starts[i].max(), ends[0])
        size = 0
        for n in range(starts.shape[1]):
            node = starts[i, n]
            if node < 0 or (seen[node] == i and best[node] <= leave[i, n]):
                continue
            seen[node], best[node] = i, leave[i, n]
            guess[node] = bound(near, far, asked, node, ends, rest)
            size = push(keys, items, size, leave[i, n] + guess[node], node)
        shortest = np.inf
        while size > 0 and keys[0] < shortest:
            key, node = keys[0], items[0]
            size = pop(keys, items, size)
            here = best[node]
            if key > here + guess[node] + 1e-12:
                continue
            for g in range(ends.size):
                if ends[g] == node:
                    shortest = min(shortest, here + rest[g])
            for arc in range(first[node], first[node + 1]):
                to, reach = head[arc], here + cost[arc]
                if reach == np.inf or (seen[to] == i and best[to] <= reach):
                    continue
                if seen[to] != i:
                    seen[to], guess[to] = i, bound(near, far, asked, to, ends, rest)
                best[to] = reach
                if reach + guess[to] < shortest:
                    size = push(keys, items, size, reach + guess[to], to)
        found[i] = shortest
    return found


@dataclass(frozen=True)
class Star:
    """Arcs sorted by the node they leave: those of node v are `first[v]` to `first[v+1]`; `arc` is their place in the network."""

    first: Ints
    head: Ints
    arc: Ints


@dataclass(frozen=True)
class Network:
    """A directed graph: arc i goes from `tail[i]` to `head[i]`; `free` is its least cost, with everything open."""

    nodes: int
    tail: Ints
    head: Ints
    free: Floats

    @cached_property
    def out(self) -> Star:
        return star(self.nodes, self.tail, self.head)

    @cached_property
    def back(self) -> Star:
        return star(self.nodes, self.head, self.tail)

    def reach(self, cost: Floats, nodes: Any, offsets: Any, *, backwards: bool = False) -> Floats:
        """Cost from (or, backwards, to) the nodes for every node."""
        way = self.back if backwards else self.out
        at, start = np.asarray(nodes, np.int64), np.asarray(offsets, np.float64)
        found: Floats = tree(way.first, way.head, cost[way.arc], at, start)
        return found

    @cached_property
    def landmarks(self) -> tuple[Floats, Floats]:
        """(to, from) [nodes, landmarks]: each new landmark is the node farthest from those there are."""
        chosen: list[int] = []
        far = self.reach(self.free, [0], [0.0])
        nearest = np.where(np.isfinite(far), far, -1.0)
        to, away = [], []
        for _ in range(min(LANDMARKS, self.nodes)):
            chosen.append(int(np.argmax(nearest)))
            away.append(self.reach(self.free, chosen[-1:], [0.0]))
            to.append(self.reach(self.free, chosen[-1:], [0.0], backwards=True))
            reach = np.where(np.isfinite(away[-1]), away[-1], np.inf)
            nearest = reach if len(chosen) == 1 else np.minimum(nearest, reach)
            nearest = np.where(np.isfinite(nearest), nearest, -1.0)
        return np.ascontiguousarray(np.array(to).T), np.ascontiguousarray(np.array(away).T)

    def parts(self, cost: Floats) -> Ints:
        """The component of every node when arcs are driven either way: between two of them there is no way at all."""
        is_open = np.isfinite(cost)
        graph = coo_array(
            (np.ones(int(is_open.sum())), (self.tail[is_open], self.head[is_open])), (self.nodes, self.nodes)
        )
        found: Ints = connected_components(graph, directed=False)[1].astype(np.int64)
        return found

    def pairs(self, cost: Floats, starts: Ints, leave: Floats, goals: Ints, arrive: Floats) -> Floats:
        """Least cost of each pair: see `pairs`. What closures cut off is known by its component and not searched for."""
        near, far = self.landmarks
        part = self.parts(cost)
        together = (part[starts.max(axis=1)] == part[goals.max(axis=1)])[:, None]
        starts = np.where(together, starts, -1)
        found: Floats = pairs(
            self.out.first, self.out.head, cost[self.out.arc], near, far, starts, leave, goals, arrive
        )
        return found


def star(nodes: int, tail: Ints, head: Ints) -> Star:
    order = np.argsort(tail, kind="stable")
    first = np.zeros(nodes + 1, np.int64)
    np.cumsum(np.bincount(tail, minlength=nodes), out=first[1:])
    return Star(first, head[order], order)
