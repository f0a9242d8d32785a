/* SPDX-License-Identifier: BSD-3-Clause */
#include "ledger/ledger.h"

const char *const ledger_action_names[LEDGER_ACTIONS] = {
	[LEDGER_ANSWERED] = "answered",
	[LEDGER_SLIPPED] = "slipped",
	[LEDGER_LIMITED] = "limited",
	[LEDGER_SHED] = "shed",
	[LEDGER_FILTERED] = "filtered",
};
