/* SPDX-License-Identifier: BSD-3-Clause */
/* Queries by the line, as kxdpgun takes them: name, type, and E (EDNS) or D (EDNS with DO). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "workload/workload_priv.h"

enum { LINE_SIZE = 2048 };

struct given *
given_add(struct maker *m)
{
	size_t count = m->given_count;
	struct given *list = m->given;

	/* room doubles when the count is a power of two */
	if ((count & (count - 1)) == 0) {
		list = reallocarray(list, count ? count * 2 : 1, sizeof(*list));
		if (!list)
			return NULL;
		m->given = list;
	}
	list[count] = (struct given){.length = 0};
	m->given_count++;
	return &list[count];
}

static int
line_read(struct maker *m, char *line, struct why *why)
{
	static const char gap[] = " \t\r\n";
	char *rest, *name = strtok_r(line, gap, &rest), *type, *edns;
	struct given given = {.length = 0}, *added;

	if (!name || name[0] == '#')
		return 0;
	type = strtok_r(NULL, gap, &rest);
	edns = strtok_r(NULL, gap, &rest);
	if (!wire_name_from_text(&given.qname, name))
		return why_set(why, EINVAL, "%.80s is no name", name);
	if (!type || !type_from_text(&given.qtype, type))
		return why_set(why, EINVAL, "%.80s is no type", type ? type : "(nothing)");
	if (edns && strcmp(edns, "E") != 0 && strcmp(edns, "D") != 0)
		return why_set(why, EINVAL, "%.80s is neither E nor D", edns);
	if (edns)
		given.edns = edns[0];
	added = given_add(m);
	if (!added)
		return why_set(why, ENOMEM, "no memory");
	*added = given;
	return 0;
}

int
list_read(struct maker *m, struct why *why)
{
	const char *path = m->wishes->list;
	FILE *file = fopen(path, "re");
	char line[LINE_SIZE];
	unsigned int number = 0;
	int rc = 0;

	if (!file)
		return why_errno(why, "%s", path);
	while (rc == 0 && m->given_count < WORKLOAD_COUNT_MAX && fgets(line, sizeof(line), file)) {
		number++;
		rc = line_read(m, line, why);
	}
	if (rc < 0)
		why_prefix(why, "%s:%u", path, number);
	else if (ferror(file))
		rc = why_errno(why, "%s", path);
	else if (m->given_count == 0)
		rc = why_set(why, EINVAL, "%s: no query in it", path);
	fclose(file);
	return rc;
}
