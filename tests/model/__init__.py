"""A small model of the protocol: every order of its steps, its crashes and what applications do.

Read `world`, then `acts`, then `runner`, `transaction` and `application`; `invariants` says what
must be true after each step, and `mutants` what goes wrong without each of the precautions. What a
server that crashes takes along is left out: whole transactions, the last ones first.
"""
