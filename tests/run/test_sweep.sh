#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# pagewalk sweep: what is interrupted goes on and gives the same tables; cells that run
# elsewhere give them too; what cannot be is told before anything runs.

here=$(dirname "$0")
. "$here/tap.sh"
cd "$scratch" || exit 1

sweep() {
	timeout 300 "$PAGEWALK" sweep "$@"
}

same() { # DESCRIPTION EXPECTED FOUND
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		printf 'expected: %s\nfound: %s\n' "$2" "$3" | not_ok "$1"
	fi
}

# The tables of two folders.
same_tables() { # FOLDER FOLDER
	cmp "$1/sweep.csv" "$2/sweep.csv" || return 1
	if command -v sqlite3 >/dev/null; then
		sqlite3 "$1/sweep.sqlite" .dump >"$1.dump"
		sqlite3 "$2/sweep.sqlite" .dump >"$2.dump"
		cmp "$1.dump" "$2.dump"
	else
		cmp "$1/sweep.sqlite" "$2/sweep.sqlite"
	fi
}

column() { # CSV NAME: its values, of all rows; for rows without quotes
	awk -F, -v name="$2" '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i; next }
		{ print $at }' "$1"
}

nr_done() { # FOLDER
	find "$1" -name '*.json' 2>/dev/null | wc -l
}

cat >m.yaml <<END
programs: [[$GUEST/random, 64K, 2000]]
machines: [teaching, nehalem, zen2]
set:
  tlb: {l1d.entries: [16, 32], policy: [lru, fifo]}
outputs: [guest.exit_status, mmu.tlb, faults, machine.name]
END

# ---- 3 x 4 ----

sweep m.yaml --results whole >out 2>err
same '3 x 4 cells: exit status' 0 $?
same 'they are told of' 'sweep: 12 cells: 12 done (0 of them before), 0 impossible, 0 not done' \
	"$(cat err)"
same 'guests print nothing' '' "$(cat out)"
same 'a row a cell' 13 "$(wc -l <whole/sweep.csv)"
same 'and columns as wanted' 'input,machine,tlb.l1d.entries,tlb.policy,status,message,cell,version,machine.name,guest.exit_status,mmu.tlb.l1i.hits' \
	"$(head -n 1 whole/sweep.csv | cut -d , -f 1-11)"

# Each row says what its cell's own statistics say, and those are what `run` gives.
agrees() {
	for cell in $(column whole/sweep.csv cell); do
		stat_of "whole/$cell.json" mmu.tlb.l1d.misses
	done >singly
	column whole/sweep.csv mmu.tlb.l1d.misses | cmp - singly
}
check 'the table has what the statistics have' agrees
as_run() {
	"$PAGEWALK" run -q --stats s.json -m zen2 --set tlb.l1d.entries=16 --set tlb.policy=fifo \
		"$GUEST/random" 64K 2000 >/dev/null
	cmp s.json "whole/$(awk -F, '$2 == "zen2" && $3 == 16 && $4 == "fifo" { print $7 }' \
		whole/sweep.csv).json"
}
check 'a cell is what run gives' as_run

# ---- interrupted ----

for moment in 0 1 4 9; do
	folder=killed$moment
	"$PAGEWALK" sweep m.yaml -j 2 --results $folder >out 2>&1 &
	while [ "$(nr_done $folder)" -lt $moment ]; do
		sleep 0.01
	done
	kill -KILL $!
	wait $! 2>>killed.log
	[ -e $folder/sweep.csv ] && not_ok "killed with $moment done: no table yet" </dev/null
	sweep m.yaml -j 2 --results $folder >out 2>err
	same "killed with $moment done, and resumed" 0 $?
	check "killed with $moment done: the same tables" same_tables whole $folder
done
same 'what was done was not done again' 'yes' \
	"$(sed 's/.*(\([0-9]*\) of them before.*/\1/' err | awk '{ print ($1 >= 9) ? "yes" : $0 }')"

"$PAGEWALK" sweep m.yaml -j 2 --results stopped >out 2>err &
while [ "$(nr_done stopped)" -lt 2 ]; do
	sleep 0.01
done
kill -INT $!
wait $!
same 'SIGINT: exit status' 130 $?
same 'SIGINT: told' 'pagewalk: sweep: interrupted; the same command goes on where it was' "$(cat err)"
before=$(nr_done stopped)
sleep 0.5
same 'SIGINT: nobody works on' "$before" "$(nr_done stopped)"
check 'SIGINT: nothing half done is left' [ -z "$(find stopped -name '*.tmp')" ]
sweep m.yaml -q --results stopped
check 'SIGINT: resumed' same_tables whole stopped

# ---- elsewhere ----

sweep m.yaml --print-jobs --results jobs >jobs.txt
same 'a line a cell' 12 "$(wc -l <jobs.txt)"
check 'nothing has run' [ ! -e jobs ]
if command -v parallel >/dev/null; then
	parallel --will-cite -j 2 --joblog jobs.log --resume <jobs.txt >out 2>&1
	same 'GNU parallel runs them' 0 $?
	sweep --collect jobs -q --outputs guest.exit_status,mmu.tlb,faults,machine.name
	check 'and what is collected is the same' same_tables whole jobs
	parallel --will-cite -j 2 --joblog jobs.log --resume <jobs.txt
	same 'it knows what it has run' 13 "$(wc -l <jobs.log)"
else
	skip 'GNU parallel' 'no parallel'
fi
# As a Slurm array does: each task runs the line of its number, here the last one first.
sed 's/--results=jobs/--results=slurm/' jobs.txt >slurm.txt
for SLURM_ARRAY_TASK_ID in $(seq 12 -1 1); do
	sed -n "${SLURM_ARRAY_TASK_ID}p" slurm.txt | sh || echo "task $SLURM_ARRAY_TASK_ID: $?"
done >out
same 'tasks of an array' '' "$(cat out)"
sweep m.yaml --collect slurm -q
check 'collected with the matrix, the same' same_tables whole slurm

# ---- traces ----

# A lackey trace: loops over 200 pages of data, by strides that are no powers of two.
awk 'BEGIN {
	for (i = 0; i < 40000; i++) {
		printf "I  %x,4\n", 4194304 + i % 1500 * 4
		printf " %s %x,8\n", i % 3 ? "L" : "S", 268435456 + i * 4104 % 819200
	}
}' >loop.lackey
cat >traces.yaml <<END
traces: [loop.lackey]
programs: [[$GUEST/random, 4K, 100]]
machines: [drcachesim, skylake]
set:
  tlb.policy: [lru, fifo, tree-plru, lfu, random]
  tlb.l1d.entries: [16, 32, 64]
END
sweep traces.yaml --results traces >out 2>err
same 'traces and programs: exit status' 0 $?
same 'traces and programs: told' 'sweep: 60 cells: 50 done (0 of them before), 10 impossible, 0 not done' \
	"$(cat err)"
# A trace that is read once for several machines gives what each gives by itself.
as_replay() {
	for machine in drcachesim skylake; do
		for policy in lru random; do
			"$PAGEWALK" replay -q --stats s.json -m $machine --set tlb.policy=$policy \
				--set tlb.l1d.entries=32 loop.lackey
			cell=$(awk -F, -v machine=$machine -v policy=$policy '
				$1 ~ /lackey/ && $2 == machine && $3 == policy && $4 == 32 {
					print $7 }' traces/sweep.csv)
			cmp s.json "traces/$cell.json" || return 1
		done
	done
}
check 'a cell is what replay gives' as_replay
sweep traces.yaml --results traces1 -j 1 -q
check 'one process gives the same' same_tables traces traces1
"$PAGEWALK" sweep traces.yaml --results traces2 -j 2 >out 2>&1 &
while [ "$(nr_done traces2)" -lt 5 ]; do
	sleep 0.01
done
kill -KILL $!
wait $! 2>>killed.log
sweep traces.yaml --results traces2 -q
check 'killed and resumed, the same' same_tables traces traces2
sweep traces.yaml --results traces3 --print-jobs | sh
sweep --collect traces3 -q
check 'a process a cell gives the same' same_tables traces traces3

{ cat loop.lackey; echo ' L 10'; } >broken.lackey
sweep --results broken --trace loop.lackey --trace broken.lackey -m teaching,skylake 2>err
same 'a broken trace: exit status' 1 $?
check 'a broken trace: where' grep -q 'failed: broken.lackey: skylake: broken.lackey: line 80001: ' err
same 'a broken trace: the others are done' 2 "$(grep -c '^loop.*,done,' broken/sweep.csv)"
sweep --results broken --trace loop.lackey -m recorded 2>err
same 'not every trace knows its machine' \
	'125 pagewalk: sweep: loop.lackey: on which machine it was recorded is unknown' "$? $(cat err)"

"$PAGEWALK" run -q --record random.pwt -m nehalem --ram 32M -- "$GUEST/random" 64K 2000 >/dev/null
sweep --results own -m recorded,zen2,p6 --set seed=0,1 --trace random.pwt 2>err
same 'a trace of ours goes to the machine it was recorded on, and others; not to all' \
	'sweep: 6 cells: 4 done (0 of them before), 2 impossible, 0 not done' "$(cat err)"
"$PAGEWALK" replay -q --stats s.json --set seed=1 random.pwt
check 'and gives what replay gives' cmp s.json \
	"own/$(awk -F, '$2 == "recorded" && $3 == 1 { print $6 }' own/sweep.csv).json"
check 'why it cannot be is told' grep -q '^random.pwt,p6,0,impossible,.*64 bits' own/sweep.csv
sweep --results own -q --csv own.csv --sqlite own.sqlite --set seed=1 --trace random.pwt
same 'it is the machine if none is named' 'random.pwt recorded 1 done' \
	"$(awk -F, 'NR == 2 { print $1, $2, $3, $4 }' own.csv)"

# ---- cells that matrices share; options alone ----

sweep -q --results whole --csv b.csv --sqlite b.sqlite -m nehalem,p6 --set tlb.policy=lru,random \
	--set tlb.l1d.entries=32 -- "$GUEST/random" 64K 2000 2>err
same 'a program of another architecture fails: exit status' 1 $?
same 'and is told of' 2 "$(grep -c '^pagewalk: sweep: failed: .*random 64K 2000: p6 tlb.policy=.*: ' err)"
sweep --results whole --csv b.csv --sqlite b.sqlite -m nehalem --set tlb.policy=lru,random \
	--set tlb.l1d.entries=32 -- "$GUEST/random" 64K 2000 2>err
same 'what another matrix had is not run again' \
	'sweep: 2 cells: 2 done (2 of them before), 0 impossible, 0 not done' "$(cat err)"
same 'only the matrix is in its table' 3 "$(wc -l <b.csv)"

# The failed ones are tried again: their messages are written anew.
failed=$(grep -l '"status": "failed"' whole/*.cell | head -n 1)
sed -i 's/"message": .*/"message": "gone"/' "$failed"
sweep -q --results whole --no-tables -m p6 --set tlb.policy=lru,random --set tlb.l1d.entries=32 \
	-- "$GUEST/random" 64K 2000 2>err
check 'failed cells are tried again' sh -c "! grep -q '\"gone\"' '$failed'"

# A worker that is killed loses its cell, and no other.
"$PAGEWALK" sweep -q --results lost -j 1 -m teaching,nehalem --env A=1 --engine faults \
	-- "$GUEST/random" 1M 1000000000 2>err &
worker=
while [ -z "$worker" ]; do
	sleep 0.01
	worker=$(pgrep -P $!)
done
kill -KILL "$worker"
until grep -q 'killed by signal 9' lost/*.cell; do
	sleep 0.01
done
kill -INT $!
wait $!
sweep -q --collect lost 2>err
same 'a worker that is killed: exit status' 1 $?
same 'a worker that is killed: told' 1 "$(grep -c 'failed: .*random .*: killed by signal 9' err)"
same 'the other cell is unfinished' 1 "$(grep -c 'unfinished: .*random .*: [a-z]*$' err)"

sweep --results twins -m teaching --set ram=8M,8192K,16M -- "$GUEST/random" 4K 10 2>err
same 'the same machine twice is one cell' \
	'sweep: 2 cells: 2 done (0 of them before), 0 impossible, 0 not done' "$(cat err)"
sweep --results ways -m teaching --set tlb.l1d.ways=full,4,3 --set tlb.l1d.entries=8 \
	-- "$GUEST/random" 4K 10 2>err
same 'what cannot be is a cell of its own' \
	'sweep: 3 cells: 2 done (0 of them before), 1 impossible, 0 not done' "$(cat err)"
check 'which says why' grep -q 'teaching,3,8,impossible,.*8 entries' ways/sweep.csv
sweep --results lists -m skylake --set 'tlb.stlb.page_sizes=[4k,2m],4k' --print-jobs \
	-- "$GUEST/random" 4K 10 >jobs.txt
check 'a value with a comma stands in brackets' grep -qF "'--set=tlb.stlb.page_sizes=[4k,2m]'" jobs.txt
sweep --results kept --keep-output -q -m teaching --engine faults --check -- "$GUEST/random" 4K 10
same 'options of all cells' faults "$(column kept/sweep.csv engine)"
"$PAGEWALK" run -q -m teaching "$GUEST/random" 4K 10 >out
check 'what a guest prints can be kept' cmp out kept/*.out

mkdir strange
for set in '[1, 2]' word 7 '{a: [1]}'; do
	echo "{status: failed, set: $set}" >strange/cell.cell
	sweep -q --collect strange 2>err
	same "a cell's file that is none of ours, set: $set" 1 $?
done

# ---- mistakes ----

mistaken() { # MESSAGE MATRIX: as m.yaml:LINE:COLUMN: ...
	printf '%b' "$2" >bad.yaml
	sweep bad.yaml --results bad >out 2>err
	same "125: $1" "125 pagewalk: $1" "$? $(cat err)"
}

ok_program="programs: [[$GUEST/random, 4K, 10]]\n"
mistaken 'bad.yaml:2:1: no such key; it is traces, programs, machines, set, options or outputs' \
	"${ok_program}machnes: [zen2]\n"
mistaken 'bad.yaml:2:18: no machine "zen9" ships, and there is no such file' \
	"${ok_program}machines: [zen2, zen9]\n"
mistaken 'bad.yaml:2:24: --set tlb.l1d.entrys=16: no such key: tlb.l1d.entrys; is it tlb.l1d.entries?' \
	"${ok_program}set: {tlb.l1d.entrys: [16, 32]}\n"
mistaken 'bad.yaml:3:16: --set tlb.policy=mru: tlb.policy is one of lru, tree-plru, bit-plru, nru, fifo, lfu, random, not "mru"' \
	"${ok_program}set:\n  tlb.policy: [mru]\n"
mistaken 'bad.yaml:2:1: set is a mapping of keys to lists of values' "${ok_program}set: [16]\n"
mistaken 'bad.yaml:1:9: none.pwt: No such file or directory' 'traces: none.pwt\n'
mistaken 'bad.yaml:1:1: programs is a list of lists of words' 'programs: [true]\n'
mistaken 'bad.yaml:2:20: engine is auto, exact, trap or faults, not "slow"' "${ok_program}options: { engine: slow }\n"
mistaken 'sweep: no trace and no program; see pagewalk sweep --help' 'machines: zen2\n'
mistaken 'sweep: ./none: No such file or directory' 'programs: [[./none]]\n'
mistaken 'bad.yaml: a matrix is a mapping of keys to lists' '[a]\n'
mistaken 'bad.yaml:1:19: only one machine can use a swap.file at a time' 'set: {swap.file: [a.img, b.img]}\n'
check 'nothing has run' [ ! -e bad ]
sweep -m zen2 --set tlb.policy -- true 2>err
same 'exit status of a mistake in an option' '125 pagewalk: --set tlb.policy: it is --set KEY=A,B,...' \
	"$? $(cat err)"
finish
