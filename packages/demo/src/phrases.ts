// What the demo is made of: names, places, things that people say.

export const NAMES = [
  'Avocet',
  'Bittern',
  'Curlew',
  'Dunlin',
  'Egret',
  'Fulmar',
  'Grebe',
  'Heron',
  'Ibis',
  'Jackdaw',
  'Kestrel',
  'Lapwing',
] as const;

export const MAPS = [
  'Quicksilver Remake 1.24',
  'Comet Catcher Remake 1.8',
  'Glitters 2.1',
  'Supreme Isthmus v2.1',
  'Red Comet Remake 1.8',
  'All That Simmers v1.1',
] as const;

export interface Theme {
  readonly name: string;
  readonly mapName: string;
  /** Ally teams, and players of each. */
  readonly sides: number;
  readonly perSide: number;
  readonly areBossesEnabled: boolean;
}

/** A lobby for each host. */
export const THEMES: readonly Theme[] = [
  { name: 'Duels before breakfast', mapName: MAPS[0], sides: 2, perSide: 1, areBossesEnabled: false },
  { name: '2v2, be nice', mapName: MAPS[1], sides: 2, perSide: 2, areBossesEnabled: false },
  { name: 'Three sides, no peace', mapName: MAPS[3], sides: 3, perSide: 2, areBossesEnabled: true },
];

export const ON_ARRIVAL = ['hi all', 'o/', 'hello', 'good evening', 'room for one more?'] as const;
export const WHILE_WAITING = [
  'this map again?',
  'who is good at air?',
  'one more and we can start',
  'brb, coffee',
  'ready when you are',
  'let us try something new today',
  'I will take the front',
  'anyone seen the new patch?',
] as const;
export const IN_BATTLE = ['gl hf', 'nice push', 'help on the left', 'radar is down', 'oops', 'so close'] as const;
export const AFTERWARDS = ['gg', 'gg wp', 'well played', 'again?', 'that was close', 'what a comeback'] as const;
