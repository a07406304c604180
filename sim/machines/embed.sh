#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# embed.sh FILE.yaml ... - the files as rows of C for config_shipped.c:
#
#	{ "skylake",
#	"name: skylake\n"
#	...
#	},
set -eu
for file; do
	name=${file##*/}
	printf '{ "%s",\n' "${name%.yaml}"
	sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/.*/"&\\n"/' "$file"
	printf '},\n'
done
