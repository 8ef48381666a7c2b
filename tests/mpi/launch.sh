# For the tests beside it, which take: MPIEXEC RANKS_PROGRAM LINEAMENT. launch N COMMAND... runs it on N ranks of this
# machine, whoever we are and however few cores it has, for two minutes at most.
mpiexec=$1 ranks=$2 lineament=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
export OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_btl_vader_single_copy_mechanism=none PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe

launch() { timeout -k 5 120 "$mpiexec" -n "$@"; }
fail() { echo "$*"; exit 1; }

# A machine that does not let MPI start at all, as some sandboxes, says nothing about this library.
launch 2 true > "$folder/start" 2>&1 || { echo "skipped: mpirun does not start: $(tail -n 1 "$folder/start")"; exit 77; }
