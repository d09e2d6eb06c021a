// A child in plain JavaScript, so that tests run it without compiling: it speaks the protocol of `answering`.
process.on('disconnect', () => process.exit(0));
process.on('message', ({ id, method, given }) => {
  if (method === 'double') process.send({ id, value: given * 2 });
  if (method === 'fail') process.send({ id, error: 'it failed' });
  if (method === 'die') process.exit(3);
});
