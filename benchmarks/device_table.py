"""The result of `benchmarks.device` as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from benchmarks.common import table
from benchmarks.memory import mebibytes

Row = Mapping[str, Any]


def text(result: Mapping[str, Any]) -> str:
    """Tables for the machine, steps, painting and pictures, and what could not be measured."""
    rows: list[Row] = result["figures"]
    parts = [_machine(result)]
    parts += [_agreement(found)] if (found := _of(rows, "agreement")) else []
    parts += [_parts(found, result["at_best"])] if (found := _of(rows, "part")) else []
    parts += [_steps(found, result["at_best"])] if (found := _of(rows, "step")) else []
    parts += [_painting(found)] if (found := _of(rows, "painting", "canvas")) else []
    parts += [_pictures(found)] if (found := _of(rows, "live", "live while it learns")) else []
    failed = [(row["name"], row["failed"]) for row in rows if "failed" in row]
    parts += ["\n".join(["Not measured", *(f"  {name}: {why}" for name, why in failed)])] if failed else []
    return "\n\n".join(parts)


def _of(rows: Iterable[Row], *figures: str) -> list[Row]:
    return [row for row in rows if row.get("figure") in figures]


def _machine(result: Mapping[str, Any]) -> str:
    machine, best = result["machine"], result["at_best"]
    rows = [
        (key.replace("_bytes", "").replace("_", " "), mebibytes(value) if key.endswith("bytes") else str(value))
        for key, value in machine.items()
        if value is not None
    ]
    rows += [
        ("matrix product, float32", f"{best['matmul_float32_flop_per_s'] / 1e12:.2f} TFLOP/s"),
        ("matrix product, bfloat16", f"{best['matmul_bfloat16_flop_per_s'] / 1e12:.2f} TFLOP/s"),
        ("copy in memory", f"{best['copy_bytes_per_s'] / 1e9:.1f} GB/s"),
        ("one small operation", f"{best['operation_s'] * 1e6:.1f} us"),
    ]
    return table(f"Tessera on this machine ({result['sizes']} sizes, {result['seconds']:.0f} s)", rows)


def _agreement(rows: list[Row]) -> str:
    """How far steps and pictures are from the processor's."""
    row = rows[0]
    cells = [
        (name, f"{off:.1e}", f"{row['levels_off'][name]:.2f} of 255 levels") for name, off in row["terms_off"].items()
    ]
    return table(f"As on the processor: {row['of']}", [("", "terms off by", "pictures off by"), *cells])


def _parts(rows: list[Row], best: Mapping[str, float]) -> str:
    cells = [("", "by", "there and back", "plain torch", "what its bytes need")]
    for row in rows:
        needed_s = row["needed_bytes"] / best["copy_bytes_per_s"]
        plain = f"{1000 * row['plain_s']:.2f} ms" if "plain_s" in row else "-"
        times = f"{1000 * needed_s:.2f} ms ({row['part_s'] / needed_s:.1f} times that)"
        cells.append((row["of"], row["by"], f"{1000 * row['part_s']:.2f} ms", plain, times))
    return table("Parts of a step", cells)


def _steps(rows: list[Row], best: Mapping[str, float]) -> str:
    head = (
        "",
        "way",
        "precision",
        "a step",
        "steps/s",
        "of its FLOPs",
        "launches",
        "waits",
        "kernels",
        "memory",
        "built",
    )
    return table("Steps", [head, *(_step(row, best) for row in rows)])


def _step(row: Row, best: Mapping[str, float]) -> tuple[str, ...]:
    seconds = row.get("pipelined_step_s", row["step_s"])
    needed = row["flops"] / best[f"matmul_{row['precision']}_flop_per_s"]
    kernels = f"{row['kernels']:,} in {1000 * row['kernels_s']:.1f} ms" if "kernels" in row else "-"
    return (
        row["of"],
        row["way"],
        row["precision"],
        f"{1000 * seconds:.1f} ms",
        f"{1 / seconds:.2f}",
        f"{needed / seconds:.0%}",
        f"{row['launches']:,}" if "launches" in row else "-",
        str(row.get("waits", "-")),
        kernels,
        mebibytes(row["peak_bytes"]),
        mebibytes(row["built_bytes"]),
    )


def _painting(rows: list[Row]) -> str:
    cells = [("", "", "time", "speed", "memory")]
    for row in rows:
        if row["figure"] == "painting":
            what, seconds = f"tiles of {row['tile_px']} px", row["tile_s"]
            speed = f"{1 / seconds:.2f} tiles/s, {row['megapixels_per_s']:.2f} megapixels/s"
        else:
            what, seconds = f"{row['megapixels']:.1f} megapixels to a PNG", row["seconds"]
            speed = f"{row['paint_s']:.1f} s of it painting"
        cells.append((row["of"], what, f"{seconds:.3f} s", speed, mebibytes(row["peak_bytes"])))
    return table("Painting", cells)


def _pictures(rows: list[Row]) -> str:
    cells = []
    for row in rows:
        if row["figure"] == "live":
            height, width = row["canvas_px"]
            cells.append(("a slider, coarse picture", f"{row['coarse_s']:.3f} s"))
            cells.append((f"a slider, sharp picture of {width} x {height} px", f"{row['sharp_s']:.3f} s"))
            cells.append(("sharp pictures", f"{row['pictures_per_s']:.2f} /s"))
        else:
            cells.append(("steps while it learns, without pictures", f"{row['steps_per_s']:.2f} /s"))
            cells.append(("steps while it learns and is shown", f"{row['steps_per_s_beside']:.2f} /s"))
            cells.append(("pictures meanwhile", f"{row['pictures_per_s']:.2f} /s"))
    return table(f"Live: {rows[0]['of']}", cells)
