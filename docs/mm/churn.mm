# All allocators at once: a million things are taken from one or another, or given back, in
# random order and on two CPUs. Each must come back as it was written, and in the end as many
# pages must be free as before.
#
#   pagewalk mm --check docs/mm/churn.mm
#
# With --check every invariant is looked at after each 4096 of them.
boot skylake ram=64M cpus=2 seed=42
churn 1000000
show buddyinfo
show slabinfo
check
