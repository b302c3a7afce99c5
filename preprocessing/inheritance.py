"""Method resolution orders.

Knows C3. Does not know what a base class is.
"""


def merge_orders(lines: list[list[int]], node: int) -> list[int]:
    """Merge the orders of a class's bases as C3 does; where that is impossible, the first line goes first.

    `node`, the class itself, is left out wherever it stands.
    """
    merged: list[int] = []
    lines = [line for line in lines if line]
    if len(lines) == 2 and lines[1] == lines[0][:1]:
        return [one for one in lines[0] if one != node]
    while lines:
        tails = {one for line in lines for one in line[1:]}
        chosen = next((line[0] for line in lines if line[0] not in tails), lines[0][0])
        if chosen != node:
            merged.append(chosen)
        lines = [rest for line in lines if (rest := [one for one in line if one != chosen])]
    return merged
