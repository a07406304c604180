#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Traces of other tools' making: what we read in them is what an independent look at the
# file finds, however it is packed.

here=$(dirname "$0")
. "$here/tap.sh"

trace_file=${PW_TRACES:-$here/../../../shared/traces}/drmemtrace.simple_app.trace.zip

# Loads, stores and fetches, as pagewalk counts them.
counts_of() { # ARGUMENT ...
	"$PAGEWALK" trace info --json "$@" >"$scratch/info.json" || return
	for kind in load store fetch; do
		stat_of "$scratch/info.json" "accesses.user.$kind"
	done | tr '\n' ' '
}

# ---- DynamoRIO: a real trace, read by Python ----

count_entries() { # FILE
	python3 - "$1" <<-'END'
	import struct, sys, zipfile
	archive = zipfile.ZipFile(sys.argv[1])
	data = b"".join(archive.read(name) for name in archive.namelist())
	types = [entry[0] for entry in struct.iter_unpack("<HHQ", data)]
	fetches = sum(10 <= t <= 16 or t in (31, 48, 49) for t in types)
	print(types.count(0), types.count(1), fetches, end=" ")
	END
}

what='drmemtrace: as many loads, stores and fetches as Python finds'
if ! command -v python3 >/dev/null; then
	skip "$what" 'no python3'
elif [ ! -r "$trace_file" ]; then
	skip "$what" 'no trace file'
else
	check "$what" test "$(counts_of "$trace_file")" = "$(count_entries "$trace_file")"
	check 'a zip through a pipe reads the same' \
		test "$(cat "$trace_file" | counts_of -)" = "$(counts_of "$trace_file")"
	head -c 100000 "$trace_file" >"$scratch/cut.zip"
	"$PAGEWALK" trace info "$scratch/cut.zip" >"$scratch/out" 2>"$scratch/err"
	check 'a zip without its end is refused' test $? -eq 125
	check 'and named' grep -q 'cut.zip: not a whole zip file' "$scratch/err"
fi

# ---- Valgrind's lackey: counted by grep ----

what='lackey: as many data accesses as grep finds'
if ! command -v valgrind >/dev/null; then
	skip "$what" 'no valgrind'
else
	valgrind --tool=lackey --trace-mem=yes --log-file="$scratch/lackey" \
		"$GUEST/touch" >/dev/null 2>&1
	if ! grep -q '^I  ' "$scratch/lackey"; then
		skip "$what" 'valgrind runs no such program here'
	else
		loads=$(grep -c '^ [LM]' "$scratch/lackey")
		stores=$(grep -c '^ [SM]' "$scratch/lackey")
		fetches=$(grep -c '^I' "$scratch/lackey")
		check "$what" test "$(counts_of "$scratch/lackey")" = "$loads $stores $fetches "
	fi
fi

# ---- packed ----

cd "$scratch" || exit 1
seq -f '%.0f' 1 200000 | awk '{ printf "%s 0x%x000\n", $1 % 3, $1 }' >plain.din
plain=$(counts_of plain.din)
check 'the plain file has what was written' test "$plain" = '66666 66667 66667 '

packed_reads_the_same() { # NAME COMMAND ...
	name=$1
	shift
	if ! command -v "$1" >/dev/null; then
		skip "$name reads the same" "no $1"
		return
	fi
	"$@" <plain.din >packed
	check "$name reads the same" test "$(counts_of packed)" = "$plain"
	check "$name through a pipe reads the same" test "$(counts_of - <packed)" = "$plain"
	{ head -n 100000 plain.din | "$@"; tail -n +100001 plain.din | "$@"; } >packed
	check "$name in two parts reads the same" test "$(counts_of packed)" = "$plain"
	head -c $(($(wc -c <packed) * 3 / 4)) packed >short
	"$PAGEWALK" trace info short >out 2>err
	check "$name cut short is told" test $? -eq 125
	check "and where: $(cat err)" grep -q 'short: line [0-9]*: cut short at byte [0-9]* (' err
	check 'what was read before counts' grep -q '^accesses  *[1-9]' out
	printf 'XXXXXXXX' | dd of=packed bs=1 seek=$(($(wc -c <packed) / 3)) conv=notrunc 2>/dev/null
	"$PAGEWALK" trace info packed >out 2>err
	check "$name with wrong bytes is told" test $? -eq 125
}

packed_reads_the_same gzip gzip -c
packed_reads_the_same xz xz -c
packed_reads_the_same bzip2 bzip2 -c
packed_reads_the_same zstd zstd -q -c --check

what='the members of a zip are read in their order'
if command -v zip >/dev/null; then
	head -n 100000 plain.din >chunk.0000
	tail -n +100001 plain.din >chunk.0001
	zip -q packed.zip chunk.0000 chunk.0001
	"$PAGEWALK" trace cat -f din plain.din >expected
	"$PAGEWALK" trace cat packed.zip >got
	check "$what" cmp expected got
else
	skip "$what" 'no zip'
fi

# ---- there and back ----

# 3 tasks' worth of accesses, as a table.
cat >table.csv <<-END
	task,cpu,mm,kind,privilege,va,size,ip
	$(seq 1 3000 | awk '{
		task = int($1 / 100) % 3 + 5; ip = 4198400 + $1 % 50 * 4
		printf "%d,0,%d,fetch,user,0x%x,4,\n", task, task == 7 ? 5 : task, ip
		printf "%d,0,%d,%s,user,0x%x,8,0x%x\n", task, task == 7 ? 5 : task,
			$1 % 3 ? "load" : "store", 134152192 + $1 * 61, ip }')
END
"$PAGEWALK" trace cat table.csv >table.cat
check 'a table has what was written' test "$(counts_of table.csv)" = '2000 1000 3000 '

survives() { # FORMAT FILE FILTER: accesses come back, as far as the format holds them
	"$PAGEWALK" trace export -t "$1" table.csv -o "$2"
	"$PAGEWALK" trace cat "$2" | eval "$3" >got
	eval "$3" <table.cat >expected
	check "what goes out as $2 comes in the same" cmp expected got
}
without_tasks="grep -v switch | cut -d' ' -f3-"
survives csv out.csv cat
survives drmemtrace out.drmemtrace.gz cat
survives lackey out.lackey.xz "$without_tasks"
survives champsim out.champsim.zst "$without_tasks | cut -d' ' -f1-3,5-"
"$PAGEWALK" trace import table.csv -o table.pwt
"$PAGEWALK" trace cat table.pwt >got
check 'imported, it is the same' cmp table.cat got
"$PAGEWALK" trace export -t csv table.pwt -o out.csv
check 'and goes out again as the table that came in' cmp table.csv out.csv

figures_of() { # FILE: of its replay, but for what the file is
	"$PAGEWALK" replay -q -m drcachesim --stats - "$1" | grep -v '"format"'
}
figures_of table.csv >expected
for file in table.pwt out.csv out.drmemtrace.gz; do
	figures_of $file >got
	check "a replay of $file has the figures of what came in" cmp expected got
done

gzip -dc out.drmemtrace.gz >out.drmemtrace
head -c 50000 out.drmemtrace | gzip >short.gz
"$PAGEWALK" trace info short.gz >out 2>err
check 'the place of a broken record is that of the unpacked file' \
	grep -q 'short.gz: record 4167, byte 49992: the file ends in the middle' err

what='a drmemtrace of ours is one for Python'
if command -v python3 >/dev/null; then
	zip -q out.zip out.drmemtrace 2>/dev/null &&
		check "$what" test "$(count_entries out.zip)" = "$(counts_of table.csv)"
fi

sed 1d plain.din | "$PAGEWALK" trace export -t champsim - -o out 2>err
check 'din has instructions enough for champsim' test $? -eq 0
awk '$3 == "load" { print substr($5, 3), "R" } $3 == "store" { print substr($5, 3), "W" }' \
	table.cat >data.course
rm -f out
"$PAGEWALK" trace export -t champsim data.course -o out 2>err
check 'a trace without instructions is refused for champsim' test $? -eq 125
check 'with the reason' grep -q 'which one an access is of' err
check 'and nothing is left' test ! -e out
"$PAGEWALK" trace export -t nonsense data.course -o out 2>err
check 'a format that cannot be written is refused' grep -q 'no such format to write: nonsense' err

# ---- recordings of ours go out ----

"$PAGEWALK" run -q --record run.pwt --stats run.json -- "$GUEST/touch" >/dev/null
"$PAGEWALK" trace export -t drmemtrace run.pwt -o run.drmemtrace.gz 2>err
check 'the kernel'\''s accesses are left out of drmemtrace, and counted' \
	grep -q 'run.drmemtrace.gz: [0-9]* accesses that this format cannot hold' err
"$PAGEWALK" trace export -t csv run.pwt -o run.csv
data_of() { # FILE: kind, address, size and instruction of each load and store of the user's
	"$PAGEWALK" trace cat "$1" | awk '$4 == "user" && $3 != "fetch" { print $3, $5, $6, $8 }'
}
data_of run.csv >expected
data_of run.drmemtrace.gz >got
check 'in drmemtrace each access follows the instruction that it was recorded with' \
	cmp expected got
counts_of run.drmemtrace.gz >/dev/null
fetches=$(stat_of info.json accesses.user.fetch)
check 'there are as many instructions as ran, and those tried again after a fault' test \
	"$fetches" -ge "$(stat_of run.json guest.instructions)" -a "$fetches" -le \
	$(($(stat_of run.json guest.instructions) + $(stat_of run.json faults.minor)))
for format in champsim lackey; do
	"$PAGEWALK" trace export -t $format run.pwt -o out 2>err
	check "$format has as many loads and stores" test \
		"$(counts_of out | cut -d' ' -f1-2)" = "$(counts_of run.csv | cut -d' ' -f1-2)"
done

"$PAGEWALK" run -q --record pages.pwt --record-detail page -- "$GUEST/touch" >/dev/null
rm -f out
"$PAGEWALK" trace export -t champsim pages.pwt -o out 2>err
check 'a trace of pages is refused for champsim' test $? -eq 125
check 'with the reason, and no file' test ! -e out -a -n "$(grep 'which pages were' err)"
"$PAGEWALK" trace export -t csv pages.pwt -o pages.csv
"$PAGEWALK" trace cat pages.pwt | grep -E ' (user|kernel) ' >expected
"$PAGEWALK" trace cat pages.csv | grep -E ' (user|kernel) ' >got
check 'a table of pages has their counts' cmp expected got

"$PAGEWALK" trace cut --records 1-3000 run.pwt -o begin.pwt
check 'the begin of a recording replays' "$PAGEWALK" replay -q --check begin.pwt
"$PAGEWALK" trace cut --records 3001- run.pwt -o end.pwt
check 'and its end, with all events before' "$PAGEWALK" replay -q --check end.pwt
check 'the two have all accesses' test "$(counts_of run.pwt)" = "$({ counts_of begin.pwt
	echo; counts_of end.pwt; echo; } | awk '{ l += $1; s += $2; f += $3 }
	END { printf "%d %d %d ", l, s, f }')"
"$PAGEWALK" trace merge --quantum 500 run.pwt run.pwt -o twice.pwt
check 'two recordings share a machine' "$PAGEWALK" replay -q --check twice.pwt

# ---- parts, and several ----

"$PAGEWALK" trace cut --records 100-200 table.csv -o part.pwt
"$PAGEWALK" trace cat part.pwt | grep -v switch >got
sed -n 100,200p table.cat | grep -v switch >expected
check 'a cut has the records of its range' cmp expected got
"$PAGEWALK" trace cat --records 100-200 table.csv >got
sed -n 100,200p table.cat >expected
check 'and cat shows them' cmp expected got
"$PAGEWALK" trace cat --instructions 11-12 table.csv | grep -c fetch >got
check 'instructions are counted from 1' test "$(cat got)" = 2
"$PAGEWALK" trace cut --task 6 table.csv -o part.pwt
"$PAGEWALK" trace cat part.pwt | grep -v switch >got
grep '^6 ' table.cat | grep -v switch >expected
check 'a cut of a task has its accesses' cmp expected got

"$PAGEWALK" trace merge --quantum 1000 table.csv plain.din data.course -o merged.pwt
check 'a merged trace has all accesses' test \
	"$(counts_of merged.pwt)" = "$({ counts_of table.csv; echo; counts_of plain.din; echo
		counts_of data.course; echo; } | awk '{ l += $1; s += $2; f += $3 }
		END { printf "%d %d %d ", l, s, f }')"
counts_of merged.pwt >/dev/null
check 'and a task for each of theirs' sh -c "\"$JSON_GET\" info.json tasks.4.pid && ! \"$JSON_GET\" info.json tasks.5.pid"
"$PAGEWALK" trace merge --quantum 1000 table.csv plain.din data.course -o again.pwt
check 'to the byte the same each time' cmp merged.pwt again.pwt

# ---- progress ----

what='progress is shown on a terminal, and goes away'
seq 1 2100000 | sed 's/^/0 /' >many.din
"$PAGEWALK" trace info many.din >/dev/null 2>err
check 'no progress where standard error is a file' test ! -s err
if command -v python3 >/dev/null; then
	python3 -c 'import pty, sys; pty.spawn(sys.argv[1:])' "$PAGEWALK" trace info many.din >got
	check "$what" grep -q 'many.din  \[#*\.*\] .*2 M records.*loads' \
		<<-END
		$(tr -d '\n' <got)
		END
else
	skip "$what" 'no python3'
fi

# ---- what cannot be read ----

"$PAGEWALK" trace info no-such-file >out 2>err
check 'a file that is not there: 125' test $? -eq 125
check 'and its name' grep -q 'no-such-file: No such file' err
"$PAGEWALK" trace info . >out 2>err
check 'a folder: 125' test $? -eq 125
"$PAGEWALK" trace info -f nonsense plain.din >out 2>err
check 'a format that there is not: 125' test $? -eq 125
check 'and its name' grep -q nonsense err
: >empty
"$PAGEWALK" trace info empty >out 2>err
check 'an empty file is of no format' test $? -eq 125
"$PAGEWALK" trace formats >formats
for format in pagewalk lackey drmemtrace course din pinatrace champsim oracleGeneral csv; do
	check "$format is listed" grep -q "^  $format " formats
done
check 'but of a format that is told, it has nothing' \
	test "$(counts_of -f lackey empty)" = '0 0 0 '
finish
