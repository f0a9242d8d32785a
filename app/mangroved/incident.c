/* SPDX-License-Identifier: BSD-3-Clause */
#include "incident.h"

#include <rte_version.h>
#include <stdlib.h>

#include "log.h"
#include "node.h"

void
incident_events(struct node *node, const json_t *request, struct control_call *call)
{
	json_t *events = log_events_json();

	(void)node;
	(void)request;
	if (events)
		control_reply(call, json_pack("{s:o}", "events", events));
	else
		control_fail(call, CONTROL_FAILED, "out of memory");
}

void
incident_configuration(struct node *node, const json_t *request, struct control_call *call)
{
	char *text __attribute__((cleanup(free_memory))) = NULL;
	size_t size;
	struct why why;

	(void)request;
	if (config_text(node->config, &text, &size, &why) < 0)
		control_fail(call, CONTROL_FAILED, "%s", why.text);
	else
		control_reply(call, json_pack("{s:s%}", "yaml", text, size));
}

void
incident_samples(struct node *node, const json_t *request, struct control_call *call)
{
	const struct capture_privacy privacy = capturer_privacy(node->server.capturer);
	json_t *samples = auditor_samples_json(node->server.auditor, &privacy);

	(void)request;
	if (!samples) {
		control_fail(call, CONTROL_FAILED, "no frames are looked at: %s",
			!node->up		     ? "nothing is answered yet"
			: node->config->lcores_count ? "audit is not enabled"
						     : "there are no ports");
		return;
	}
	control_reply(
		call, json_pack("{s:i, s:i, s:i, s:b, s:o}", "one_in",
			      (int)node->config->audit.one_in, "ipv4_prefix",
			      (int)privacy.ipv4_prefix, "ipv6_prefix", (int)privacy.ipv6_prefix,
			      "pseudonyms", privacy.pseudonyms, "samples", samples));
}

json_t *
incident_build_json(void)
{
#ifdef __clang__
	static const char compiler[] = __VERSION__;
#else
	static const char compiler[] = "gcc " __VERSION__;
#endif

	return json_pack("{s:s, s:s}", "dpdk", rte_version(), "compiler", compiler);
}
