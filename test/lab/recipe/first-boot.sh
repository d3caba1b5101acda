# Runs on the lab host, booted without GRUB: the build machine's kernel may read no partition tables of a file.
set -e
grub-install /dev/vda
update-grub
sync
