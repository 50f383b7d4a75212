"""Going to where a number is used: a node of the network, or one inside a group by a way that leads there."""

from __future__ import annotations

from collections import deque

from core.graph.formulas import Use
from core.graph.groups import graphs
from core.graph.project import Project
from designer.session import Session


def way_to(project: Project, group: str) -> tuple[str, ...] | None:
    """Return the shortest path of group nodes that leads into a group; None where nothing in the network uses it."""
    by_name = dict(graphs(project))
    waiting: deque[tuple[str, tuple[str, ...]]] = deque([("", ())])
    seen = {""}
    while waiting:
        here, path = waiting.popleft()
        if here == group:
            return path
        for node in by_name[here].nodes.values():
            if node.group in by_name and node.group not in seen:
                seen.add(node.group)
                waiting.append((node.group, (*path, node.name)))
    return None


def go_to(session: Session, use: Use) -> None:
    """Show the node of a use; one inside the group that is open is shown where the user is."""
    path = session.path if use.group == session.group else way_to(session.project, use.group)
    if path is None:
        reason = session.tr("{group} is not used in the network, so there is no way into it.")
        session.refused.emit(reason.format(group=use.group))
    else:
        session.reveal(use.node, path)
