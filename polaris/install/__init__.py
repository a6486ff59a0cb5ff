"""Puts Polaris into the coding agents of this machine, and takes it out again.

`plan` looks and changes nothing, `plan_removal` is the way back; `Plan.lines` shows what would happen, and
`Plan.carry_out` does it. What is data of an agent is in that agent's module (`polaris.install.shapes`).

- `machine` finds the agents; `edits` turns an agent's data into changes of a text, with `jsonc` and `toml`;
- `targets` are the files; `files` reads and replaces them; `record` keeps what was done, for the way back.
"""

from __future__ import annotations

from polaris.install.planning import Plan, plan, plan_removal

__all__ = ["Plan", "plan", "plan_removal"]
