"""The one build path: Keras model -> candidate -> file -> score, as `run`, `compress` and `export`
compose it.

    importing      a model file or function -> Model
    teaching       Model -> the teacher's outputs on the splits
    parent         Model, step -> a slimmable parent that candidates are cut out of
    compression    Model, recipe -> Built: a candidate and its Keras outputs
    conversion     Model, format -> float file
    quantization   float file, precisions -> Artifact, verified
    measurement    artifacts, device -> measurements
    evaluation     Model or Artifact -> score, robustness

Each is a function of frozen values and a `Workspace`, whose cache looks up what was done before:
a store for runs, memory for single commands. A stage's key is its name, version and inputs.
"""
