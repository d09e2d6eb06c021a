import type { Network } from '@muster/ports';

/** The same network, whose listeners say that they are reached at `address`: others dial a mapped port or a proxy, which comes out where we listen. */
export function advertised(network: Network, address: string): Network {
  return {
    listen: async (at, accept) => {
      const listener = await network.listen(at, accept);
      return { address, close: () => listener.close() };
    },
    dial: (to) => network.dial(to),
  };
}
