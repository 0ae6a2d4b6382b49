"""One file per library, with the same function names and the same result: ``versions()``,
``VARIANTS``, ``train(job, variant)``, ``infer(job, variant)`` and, where it is offered,
``time_to_accuracy(job, variant)``. Each runs in a process of its own (``run.py``), perhaps in
another interpreter, so none imports another, and fastnn is imported by ``fastnn_.py`` alone. What
they are asked to do stands in ``job.py``.

Every variant does the same work: float32; the batches of a fresh permutation each epoch, drawn from
one generator and gathered inside the timed epoch; the mean loss of the epoch; Keras's Adam with
epsilon 1e-7; the same initial weights.
"""
