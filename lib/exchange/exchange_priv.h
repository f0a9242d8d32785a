/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EXCHANGE_EXCHANGE_PRIV_H
#define EXCHANGE_EXCHANGE_PRIV_H

#include "exchange/exchange.h"

/** Decide a query in class CH: a text, or an RCODE and why. */
void exchange_chaos(struct exchange *x);

/** Write the record of x->text. */
void exchange_chaos_write(const struct exchange *x, struct wire_writer *w);

#endif
