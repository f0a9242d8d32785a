/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs on: lcore. Frames that the control plane puts in: some in a second. */
#include <time.h>

#include "worker/burst.h"

void
worker_inject_serve(
	struct worker *w, const struct engine_service *answers, struct inject_slot *slot)
{
	const struct worker_view view = {
		.answers = answers,
		.service = w->service,
		.now = (uint32_t)time(NULL),
		.verify_in_software = true,
	};
	struct rte_mbuf *mbufs[1] = {&slot->mbuf};
	struct ledger_page page; /* which nobody reads: it is no client's */

	slot->replied = w->variant->answer(&view, &w->injected, &page, mbufs, 1).replies == 1;
	inject_answered(w->inject);
}
