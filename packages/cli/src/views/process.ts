import type { ProcessRestartDocument } from '@muster/coordinator';
import { printable } from '../format/paint.js';
import type { View } from './view.js';

const LISTS = {
  coordinator: 'musterctl coordinator list',
  node: 'musterctl node list',
  gateway: 'musterctl node list',
};

export const processRestartView: View<ProcessRestartDocument> = ({ role, peer }) => ({
  lines: [`The ${role} ${printable(peer)} hands off what it has and ends; whoever started it starts it again.`],
  next: [LISTS[role]],
});
