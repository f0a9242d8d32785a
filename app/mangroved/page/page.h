/* SPDX-License-Identifier: BSD-3-Clause */
/** The files of the web page, as octets that embed.py made of them. */
#ifndef MANGROVED_PAGE_H
#define MANGROVED_PAGE_H

#include <stddef.h>

struct page_file {
	const char *path, *type; /* NULL: there are no more */
	const unsigned char *octets;
	size_t length;
};

extern const struct page_file page_files[];

#endif
