"""Looks at a package graph: who is needed most, what is stacked highest, where the space goes."""
from collections import Counter, defaultdict


def degrees(given):
    """{dependencies, top} -> {needed: [[name, count]], needing: [[name, count]]}"""
    top = int(given.get("top", 5))
    needed = Counter(target for _, target in given["dependencies"])
    needing = Counter(source for source, _ in given["dependencies"])
    rank = lambda counter: [list(item) for item in sorted(counter.items(), key=lambda i: (-i[1], i[0]))[:top]]
    return {"needed": rank(needed), "needing": rank(needing)}


def chains(given):
    """{dependencies, top} -> {chains: [[name, ...]], length}: the longest chains; cycles count as one link."""
    graph = defaultdict(list)
    nodes = set()
    for source, target in given["dependencies"]:
        graph[source].append(target)
        nodes.update((source, target))
    component, order = strongly_connected(graph, sorted(nodes))
    best = {}
    for group in order:  # targets first
        choice = (0, None)
        for node in component[group]:
            for target in graph[node]:
                other = group_of(component, target)
                if other != group:
                    choice = max(choice, (best[other][0], other), key=lambda c: (c[0], str(c[1])))
        best[group] = (choice[0] + 1, choice[1])
    starts = sorted(best, key=lambda g: (-best[g][0], str(g)))[: int(given.get("top", 5))]
    found = []
    for start in starts:
        chain = []
        while start is not None:
            chain.append(min(component[start]))
            start = best[start][1]
        found.append(chain)
    return {"chains": found, "length": len(found[0]) if found else 0}


def group_of(component, node):
    return component["of"][node]


def strongly_connected(graph, nodes):
    """Tarjan's algorithm without recursion: groups of nodes, targets before sources."""
    index, low, on_stack, stack, groups, of = {}, {}, set(), [], [], {}
    members = {"of": of}
    for root in nodes:
        if root in index:
            continue
        work = [(root, iter(graph[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, edges = work[-1]
            for target in edges:
                if target not in index:
                    index[target] = low[target] = len(index)
                    stack.append(target)
                    on_stack.add(target)
                    work.append((target, iter(graph[target])))
                    break
                if target in on_stack:
                    low[node] = min(low[node], index[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    group = len(groups)
                    groups.append(group)
                    members[group] = []
                    while True:
                        member = stack.pop()
                        on_stack.discard(member)
                        members[group].append(member)
                        of[member] = group
                        if member == node:
                            break
    return members, groups


def sections(given):
    """{packages, top} -> {sections: [[name, packages, mib]]}"""
    count, size = Counter(), Counter()
    for package in given["packages"]:
        section = package["section"].split("/")[-1]
        count[section] += 1
        size[section] += package["kib"]
    largest = sorted(size, key=lambda s: (-size[s], s))[: int(given.get("top", 5))]
    return {"sections": [[s, count[s], round(size[s] / 1024)] for s in largest]}
