"""Signal programs from what each group shows stage by stage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from nutgiao.models.queueing.network.tables import I4, Programs


def programs_of(controllers: Iterable[tuple[int, Sequence[Sequence[int]]]]) -> Programs:
    """The kernel's tables.

    Args:
        controllers: of each its number of stages and, group by group, what the group shows in each of them; groups are
            counted on from controller to controller.
    """
    stage_ptr, group_ptr, change_ptr = [0], [0], [0]
    lamp_ptr: list[int] = []
    lamp: list[int] = []
    change_group: list[int] = []
    change_lamp: list[int] = []
    for stages, columns in controllers:
        for p in range(stages):
            lamp_ptr.append(len(lamp))
            for g, column in enumerate(columns):
                lamp.append(column[p])
                if column[p] != column[p - 1]:
                    change_group.append(group_ptr[-1] + g)
                    change_lamp.append(column[p])
            change_ptr.append(len(change_group))
        stage_ptr.append(len(lamp_ptr))
        group_ptr.append(group_ptr[-1] + len(columns))

    def i4(values: list[int]) -> I4:
        return np.array(values, np.int32)

    return Programs(
        i4(stage_ptr), i4(group_ptr), i4(lamp_ptr), i4(lamp), i4(change_ptr), i4(change_group), i4(change_lamp)
    )
