"""What a load needs: processors, memory, disks, and what is full first. Source: docs/scale.md."""
