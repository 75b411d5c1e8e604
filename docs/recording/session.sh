# What the recording shows: typed here, run for real. $PATH has edgehone; the folder has the model.
type() {
  printf '\033[1;32m$\033[0m '
  for ((i = 0; i < ${#1}; i++)); do printf '%s' "${1:i:1}"; sleep 0.02; done
  printf '\n'
  eval "$1"
  sleep 2
}
export TF_CPP_MIN_LOG_LEVEL=3
clear
type "edgehone export digits.keras -o out --precision float32,int8 --calibration digits.npz"
type "edgehone bench out/*.tflite --data digits.npz"
type "cat budgets.toml"
type "edgehone gate budgets.toml out/digits-float32.tflite --files-only"
type "edgehone gate budgets.toml out/digits-int8.tflite --baseline out/digits-float32.tflite"
sleep 3
