"""A small model of the protocol: every order of its steps, its crashes and what applications do.

Read `world`, then `acts`, then what a run does (`runner`, `reading`, `restore`, `transaction`),
what applications do (`application`), and what stands between them (`shield`); `invariants` says
what must be true after each step, and `mutants` what goes wrong without each of the precautions.

Left out are: what a server that crashes takes along, which is whole transactions, the last ones
first; runs that are resumed; rotations; documents; writes that no trigger sees; changed row keys.
A row that is deleted is an empty one, and the guard constraint refuses nothing.
"""
