#!/bin/sh
# Writes who has won, as a shop does.
redis-cli -p 6379 XADD sale-results '*' data '{"userId":42,"saleId":7,"status":"won","result":{"order":"A-1","price":1.00}}'
