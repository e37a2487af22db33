"""Builds the corridor's SUMO network from its plain files with the netconvert of the eclipse-sumo wheel."""

from __future__ import annotations

import importlib.util
import os
import subprocess
from pathlib import Path

from nutgiao.models.contracts.errors import SimulationFailed

PLAIN_DIR = Path(__file__).parent / "hanoi_corridor"
"""Nodes, edges, types, connections and bus stops, written by hand."""

STOPS_FILE = PLAIN_DIR / "corridor.add.xml"
"""Bus stops; SUMO loads it beside the network."""

LINE_SETBACK_M = 6.0
"""The painted stop line lies so far upstream of a lane's end; the same figure as ``stopOffset`` in the edge file."""


def sumo_home() -> Path:
    """Folder of the SUMO installation that the ``sim`` extra brings.

    Raises:
        SimulationFailed: if SUMO is not installed.
    """
    if any(importlib.util.find_spec(name) is None for name in ("sumo", "libsumo")):
        raise SimulationFailed(
            "SUMO is not installed, and the simulated street needs it; cure: pip install 'nutgiao[sim]'"
        )
    import sumo

    return Path(sumo.SUMO_HOME)


def build_network(out_dir: Path) -> Path:
    """Runs netconvert on the plain files; takes about 0.2 s.

    Args:
        out_dir: folder for the network; made if it is missing.

    Returns:
        Path of ``corridor.net.xml``.

    Raises:
        SimulationFailed: if SUMO is missing or netconvert refuses the files.
    """
    home = sumo_home()
    out_dir.mkdir(parents=True, exist_ok=True)
    net = out_dir / "corridor.net.xml"
    plain = PLAIN_DIR / "corridor"
    command = [str(home / "bin" / "netconvert"), "--output-file", str(net), "--no-turnarounds"]
    command += [
        "--offset.disable-normalization",
        "--node-files",
        f"{plain}.nod.xml",
        "--edge-files",
        f"{plain}.edg.xml",
    ]
    command += ["--type-files", f"{plain}.typ.xml", "--connection-files", f"{plain}.con.xml"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | {"SUMO_HOME": str(home)}
    )
    if done.returncode != 0:
        raise SimulationFailed(f"netconvert could not build the network from {PLAIN_DIR}: {done.stderr.strip()}")
    return net
