#!/bin/sh
# One search on several machines by torchrun, which comes with PyTorch (nachos itself needs no Python). On every machine:
#   deploy/torchrun.sh MACHINES HOST_OF_ONE_OF_THEM CONFIG.toml OUT [key=value ...]
# OUT must be on a file system that all machines share; alone on one machine: deploy/torchrun.sh 1 localhost CONFIG.toml OUT.
# A rank that is lost ends the job, and torchrun starts it again: it goes on from the last checkpoint.
set -eu
machines=$1 host=$2 config=$3 out=$4
shift 4
ranks_here=${RANKS_PER_MACHINE:-1}
exec torchrun --no_python --nnodes="$machines" --nproc_per_node="$ranks_here" --max_restarts="${RESTARTS:-3}" \
    --rdzv_backend=c10d --rdzv_endpoint="$host:${PORT:-29400}" --rdzv_id="${JOB:-nachos}" \
    "$(dirname "$0")/../build/nachos" search "$config" supernet.shards=$((machines * ranks_here)) --out "$out" --progress lines "$@"
