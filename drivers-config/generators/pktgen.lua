-- SPDX-License-Identifier: BSD-3-Clause
-- Pktgen-DPDK: sends the frames of a pcap, and prints what came back, which it does not look into.
--
--   mangrove-surge --zone root.zone --workload mix --distinct 100000 --server-mac 3c:fd:fe:00:00:01 \
--     --client-mac 3c:fd:fe:00:00:02 --export mix.pcap
--   pktgen -l 0-8 -n 4 -a 41:00.0 -- -P -m "[1-4:5-8].0" -s 0:mix.pcap -f drivers-config/generators/pktgen.lua
--
-- RATE is in per cent of the link.
package.path = package.path .. ";?.lua"
require "Pktgen"

local port = "0"
local rates = { 1, 2, 5, 10, 20, 50, 100 }
local seconds = 60

pktgen.screen("off")
printf("%8s %16s %16s %10s\n", "rate, %", "sent/s", "received/s", "loss, %")
for _, rate in ipairs(rates) do
	pktgen.clr()
	pktgen.set(port, "rate", rate)
	pktgen.start(port)
	pktgen.delay(seconds * 1000)
	pktgen.stop(port)
	-- what is still on its way
	pktgen.delay(2000)
	local stats = pktgen.portStats(port, "port")[tonumber(port)]
	local sent, received = stats["opackets"], stats["ipackets"]
	printf("%8d %16.0f %16.0f %10.4f\n", rate, sent / seconds, received / seconds,
		sent > 0 and 100 * (1 - received / sent) or 0)
end
pktgen.quit()
