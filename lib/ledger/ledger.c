/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs on: lcore, and anywhere else. */
#include "ledger/ledger.h"

#include <string.h>

const char *const ledger_action_names[LEDGER_ACTIONS] = {
	[LEDGER_ANSWERED] = "answered",
	[LEDGER_SLIPPED] = "slipped",
	[LEDGER_LIMITED] = "limited",
	[LEDGER_SHED] = "shed",
	[LEDGER_FILTERED] = "filtered",
};

void
ledger_query_keep(struct ledger_page *page, struct ledger_line *line)
{
	uint8_t *to;

	if (page->kept_count == LEDGER_KEPT || line->query_length > LEDGER_KEPT_SIZE)
		return;
	to = page->kept[page->kept_count++];
	memcpy(to, line->query, line->query_length);
	line->query = to;
}
