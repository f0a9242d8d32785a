/* SPDX-License-Identifier: BSD-3-Clause */
#include "surge/surge.h"

void
surge_search_begin(struct surge_search *search, double least, double most, double resolution)
{
	*search = (struct surge_search){
		.least = least, .high = most, .resolution = resolution, .rate = most};
}

void
surge_search_tell(struct surge_search *search, bool passed)
{
	if (passed) {
		search->low = search->rate;
		/* the most there is */
		search->over = !search->high_failed;
	} else {
		search->high = search->rate;
		search->high_failed = true;
		search->over = search->rate <= search->least;
	}
	if (search->low > 0 && search->high - search->low <= search->resolution * search->high)
		search->over = true;
	if (search->over)
		search->rate = search->low;
	else if (search->low > 0)
		search->rate = (search->low + search->high) / 2;
	else
		search->rate = search->high / 2 > search->least ? search->high / 2 : search->least;
}
