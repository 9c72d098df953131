"""The discrete-event core: one module per concern, all acting on one `World`.

`product` decides, `development` builds and reviews, `ci` checks, `merging` merges, `releases` deploys,
`incidents` breaks and mends, `adoption` rolls out, `bots` adds the machines' own changes. `changes` holds the
state of a change and says which stage it is in. Every draw comes from a named stream, every tie is broken by
order of scheduling.
"""

from sandbox.simulation.run import Simulation, simulate

__all__ = ["Simulation", "simulate"]
