"""What happens inside a network while it learns: norms, dead units, histograms, feature maps, attention, times.

How to use it
-------------
``make_observer(session, emit, folder)`` (``observer``) gives the loop an observer of its steps, or None where the
project's training setting ``diagnostics`` is off. It looks at step 0 and then whenever the last look is paid off: each
look measures what it cost, and the next one waits until that is at most 3 % of the time since. Nothing that it does
moves a bit of the training: the step itself is only read (weights before and after, gradients), and all that needs a
forward pass is done in one of its own, after the step, on at most 64 samples of its batch, with buffers, modes and
random state put back.

It emits two events (``core.training.events``), both JSON-able:

``Diagnosed``  numbers by node, in the log of the run like any other event. ``nodes`` maps paths to figures, ``whole``
               holds what belongs to no node.
``Pictured``   one array of a *pinned* node: a histogram or a small picture. It is not in the log. Pin nodes with
               ``control.pin(paths)`` and choose the sample with ``control.show_sample(index, part)``; the loop hands
               both to the observer (``set_pinned``, ``set_sample``, which any thread may call). At the start the first
               convolution is pinned. ``picture_of(event)`` (``pictures``) gives the array back.

Paths name nodes: ``conv1``, inside a group ``encoder/conv1``, inside a repeated group ``block/0/conv1``. A group has
figures of its own: norms over all weights inside, times added up, and what comes out of it (of its last repetition).

Figures of a node; those that do not apply are absent, and every one is finite
-------------------------------------------------------------------------------
gradient_norm     ‖∂loss/∂w‖₂ over all weights of the node, after clipping: what the optimizer was given
weight_norm       ‖w‖₂ after the step
update_ratio      ‖Δw‖₂ / ‖w‖₂ of this step; a log10 of about −3 is the usual rule of thumb (Karpathy, CS231n)
mean, std, min, max  of what comes out, over the looked-at samples (std: of the population)
dead              share of units of a ReLU that are 0 for all looked-at samples and positions; channels count as units
saturated         share of outputs of tanh, sigmoid and their like within 1.5 % of an end of their range
forward_seconds, backward_seconds  of the looked-at samples; backward time runs to the next node's turn
activations_not_finite, gradients_not_finite, weights_not_finite   share of values that are NaN or infinite, if any

``whole``: gradient_norm over all weights, samples_per_second since the look before (pauses included), memory of the
process and device_memory in bytes, samples looked at, look_seconds (what this look cost).

In the run folder
-----------------
``diagnostics/looks.bin`` holds the histograms of all nodes at every look, and the pictures of pinned ones at most every
two seconds. It is appended to, a crash costs its last look at most, and ``read_diagnostics(run)`` (``store``) returns
it as looks. Kinds of pictures (``pictures.Picture``): "activations", "gradients" and "weights" are histograms of 64
equal bins from ``low`` to ``high`` = ±2ᵏ, values beyond counted in the outermost; as every range is a power of two,
``histograms.widened`` brings those of different times to one axis without error. "map" is what the node makes of the
chosen sample, "filters" are its convolution's, "attention" how much each query position (down) took of each key
position (across), one tile a head: uint8, 0 meaning ``low`` and 255 ``high``; grey (height, width) or coloured
(height, width, 3), at most 96 × 96.

``advice(diagnosed)`` (``advice``) says in plain words what looks wrong.
"""
