/* SPDX-License-Identifier: BSD-3-Clause */
#include "observatory.h"

#include <errno.h>
#include <sodium.h>
#include <time.h>

#include "node.h"

int
observatory_begin(struct observatory *observatory, struct node *node, struct why *why)
{
	const struct config_observe *config = &node->config->observe;
	struct observe_settings settings = {
		.sample_one_in = config->sample_one_in,
		.networks_one_in = config->networks_one_in,
		.leak_networks_min = config->leak_networks_min,
		.leak_queries_min = config->leak_queries_min,
	};

	if (config->enabled == CONFIG_NO)
		return 0;
	randombytes_buf(&settings.seed, sizeof(settings.seed));
	observatory->set = observe_set_new(&settings);
	if (!observatory->set)
		return why_set(why, ENOMEM, "out of memory");
	node->server.observe = observatory->set;
	return 0;
}

void
observatory_publishing(struct observatory *observatory, const struct engine_service *service)
{
	if (observatory->set)
		observe_set_prepare(observatory->set, service->generation, &service->catalogue);
}

void
observatory_ask(struct node *node, const json_t *request, struct control_call *call)
{
	const struct observe_set *set = node->observatory.set;

	(void)request;
	if (set)
		control_reply(call, observe_set_json(set, (uint32_t)time(NULL)));
	else
		control_fail(call, CONTROL_FAILED, "nothing is observed: %s",
			node->up ? "observe.enabled is no" : "the server starts");
}

void
observatory_end(struct observatory *observatory)
{
	observe_set_free(observatory->set);
	observatory->set = NULL;
}
