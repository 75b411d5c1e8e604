"""The measuring protocol: files in, measurements out.

The conversation with a device, in the order in which it is read:

`plan` what to measure → `protocol` the order of it → `jobs` a batch of files as jobs →
`exchange` copies files and asks (`request`: the text, `liveness`: signs of life) → `rounds` repeats
what was disturbed (`settling`: until the device is cool and idle) → `outputs` fetches what the
files computed → `host` and `agreement` compare it with this machine → `results` puts measurements
together, with `conditions` (`device_state`) and a `verdict`.

Beside it: `fleet` several devices at once, `comparison` two files in interleaved blocks
(`randomization`), `layer_costs` one-layer models, `device` and `device_kind` who is asked,
`recording` what was answered, `random_inputs` and `input_range` when there are no data.
"""
