/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The reason of a failure, as one line for a person: file, line, key or name first, then what is
 * wrong. A function that can fail because of the world outside returns 0 or -errno and fills one
 * in.
 */
#ifndef BASE_WHY_H
#define BASE_WHY_H

struct why {
	char text[768];
};

/**
 * Set the reason.
 *
 * @param why    NULL: nobody wants to know
 * @param error  positive errno value
 * @return  -error, so that a caller can write `return why_set(why, EINVAL, ...)`
 */
__attribute__((format(printf, 3, 4))) int why_set(
	struct why *why, int error, const char *format, ...);

/** Like why_set() with errno, whose description is appended after a colon. */
__attribute__((format(printf, 2, 3))) int why_errno(struct why *why, const char *format, ...);

/** Put `format` and ": " in front of the reason that is there. Returns nothing: it is no new error.
 */
__attribute__((format(printf, 2, 3))) void why_prefix(struct why *why, const char *format, ...);

#endif
